import AnalyticLearning
import CommandSupport
import TensorFormats

/// Rows sent together.
struct RowBatch: Sendable {
    /// The batch's number, from 0.
    var number = 0
    /// The number of its first row in the input, from 0.
    var firstRow = 0
    /// Row-major, as Float64.
    var features: [Double] = []
    /// One per row, or none at all.
    var labels = PackedStrings()
    var rows = 0
    /// Whether all values are Float32 numbers, so that four bytes each suffice.
    var isSinglePrecision = false
    /// The share of the input read including this batch, from 0 to 1, if known.
    var fractionRead: Double?

    /// The hash of all rows up to the batch's last.
    var hash = RowHash()

    /// The rows' name in messages, counted from 1.
    var place: String { rows == 1 ? "row \(firstRow + 1)" : "rows \(firstRow + 1) to \(firstRow + rows)" }

    /// The label of a row.
    ///
    /// - Throws: `InputError` naming the row if it is not a label.
    func label(at row: Int) throws(InputError) -> Label {
        do throws(LabelError) {
            return try labels.withUnsafeBytes(at: row) { (bytes) throws(LabelError) in try Label(utf8: bytes) }
        } catch {
            throw InputError("row \(firstRow + row + 1): the label \(error)")
        }
    }

    /// The batch as a safetensors file, which keeps every number exact: `features` as F32 or F64 [rows, d], and any labels as a JSON array
    /// in the metadata.
    ///
    /// - Complexity: linear; one allocation for the numbers.
    func safetensors(dimension: Int) -> [UInt8] {
        var layout = SafetensorsLayout()
        // Names are used once, and sizes of data in memory do not overflow.
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
