import AnalyticLearning
import TensorFormats

/// Rows that are sent together.
struct RowBatch: Sendable {
    /// Its number, from 0.
    var number = 0
    /// The number of its first row in the input, from 0.
    var firstRow = 0
    /// Rows one after another, as Float64.
    var features: [Double] = []
    /// One a row, or none at all.
    var labels = PackedStrings()
    var rows = 0
    /// Whether all values are Float32 numbers, so that four bytes each say the same.
    var isSinglePrecision = false
    /// How much of the input has been read with it, from 0 to 1, where that is known.
    var fractionRead: Double?

    /// The hash of all rows up to its last.
    var hash = RowHash()

    /// What the rows are called in messages, counted from 1.
    var place: String { rows == 1 ? "row \(firstRow + 1)" : "rows \(firstRow + 1) to \(firstRow + rows)" }

    /// The label of a row.
    ///
    /// - Throws: `InputError` that names the row where it is none.
    func label(at row: Int) throws(InputError) -> Label {
        do throws(LabelError) {
            return try labels.withUnsafeBytes(at: row) { (bytes) throws(LabelError) in try Label(utf8: bytes) }
        } catch {
            throw InputError("row \(firstRow + row + 1): the label \(error)")
        }
    }

    /// The batch as a safetensors file, which carries every number exactly: `features` as F32 or F64 [rows, d], and the labels, where
    /// there are some, as a JSON array in the metadata.
    ///
    /// - Complexity: linear; one allocation for the numbers.
    func safetensors(dimension: Int) -> [UInt8] {
        var layout = SafetensorsLayout()
        // A name is taken once, and what is in memory has no size that overflows.
        if !labels.isEmpty { try! layout.addMetadata("labels", labelsAsJSON) }
        try! layout.addTensor("features", type: isSinglePrecision ? .f32 : .f64, shape: [rows, dimension])
        var bytes = layout.headerBytes()
        bytes.reserveAppending(layout.dataByteCount)
        if isSinglePrecision {
            let singles = features.map(Float.init)
            singles.withUnsafeBytes { bytes.append(contentsOf: $0) }
        } else {
            features.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private var labelsAsJSON: String {
        var writer = JSONWriter(capacity: labels.byteCount + 3 * labels.count)
        writer.beginArray()
        for index in 0..<labels.count { writer.write(labels, at: index) }
        writer.endArray()
        return writer.string
    }
}
