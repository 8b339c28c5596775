internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Reads whole bodies of any format into arrays of numbers and labels. Only this type distinguishes formats.
struct BodyReader: Sendable {
    /// The body's format.
    let format: BodyFormat
    /// The length of a row.
    let dimension: Int
    /// The most octets of one decompressed array.
    let maximumArrayBytes: Int

    /// Reads labelled rows.
    ///
    /// - Throws: 400 that names the row, the field and the expected value.
    func readLabelled(
        _ body: UnsafeRawBufferPointer, features: inout [Double], labels: inout PackedStrings
    ) throws(Problem) {
        do throws(Problem) { try readLabelledRows(body, &features, &labels) } catch {
            throw format.explain(error, of: body, among: BodyFormat.labelled)
        }
    }

    private func readLabelledRows(
        _ body: UnsafeRawBufferPointer, _ features: inout [Double], _ labels: inout PackedStrings
    ) throws(Problem) {
        switch format {
        case .json: try RowReader.learn(body, dimension: dimension, features: &features, labels: &labels)
        case .ndjson:
            var lines = LineReader(dimension: dimension)
            lines.append(body)
            lines.finish()
            while try lines.readLabelled(into: &features, &labels) {}
            guard !labels.isEmpty else { throw Self.noLines }
        case .npy: throw Problem(.unsupportedMediaType, "an npy file holds no labels")
        case .npz, .safetensors:
            let rows = try ArrayReader.features(body, self, isAlone: false, into: &features)
            // The number of rows is never nil here: all values within the limit fit Double.
            let count = rows ?? 0
            try RowReader.check(rows: count, try ArrayReader.labels(body, self, rows: count, into: &labels), labels)
        }
    }

    /// Reads rows without labels.
    ///
    /// - Returns: the number of rows, nil if a value does not fit Float and the body must be read again as Double; and what else the body
    ///   requests, if its format can.
    /// - Throws: 400 that names the row, the field and the expected value.
    func read<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, features: inout [Scalar]
    ) throws(Problem) -> (rows: Int?, options: BodyOptions) {
        do throws(Problem) { return try readRows(body, &features) } catch { throw format.explain(error, of: body, among: BodyFormat.all) }
    }

    @inline(__always)
    private func readRows<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, _ features: inout [Scalar]
    ) throws(Problem) -> (rows: Int?, options: BodyOptions) {
        let rows: Int?
        switch format {
        case .json: return try RowReader.predict(body, dimension: dimension, features: &features)
        case .ndjson:
            var lines = LineReader(dimension: dimension)
            lines.append(body)
            lines.finish()
            rows = try lines.readAll(into: &features)
            guard rows != 0 else { throw Self.noLines }
        case .npy, .npz, .safetensors:
            rows = try ArrayReader.features(body, self, isAlone: true, into: &features)
            guard rows != 0 else { throw RowReader.noRows }
        }
        return (rows, BodyOptions())
    }

    /// 400 for NDJSON without a line.
    static var noLines: Problem { Problem(.badRequest, "the body has no rows, expected at least 1 line") }
}
