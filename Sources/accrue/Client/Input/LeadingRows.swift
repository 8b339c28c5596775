import TensorFormats

/// Rows that have been read already, followed by the rest of their source.
final class LeadingRows: RowSource {
    private let source: any RowSource
    private let leading: RowBatch
    /// Rows of `leading` that have been read again.
    private var taken = 0

    let dimension: Int
    var hasLabels: Bool { source.hasLabels }
    var rowCount: Int? { source.rowCount }
    var fractionRead: Double? { source.fractionRead }
    var isSinglePrecision: Bool { source.isSinglePrecision }
    var dimensionHint: String { source.dimensionHint }

    init(_ batch: RowBatch, dimension: Int, before source: any RowSource) {
        (leading, self.dimension, self.source) = (batch, dimension, source)
    }

    func takeWarnings() -> [String] { source.takeWarnings() }

    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int {
        let rows = taken..<min(taken + limit, leading.rows)
        batch.features += leading.features[(rows.lowerBound * dimension)..<(rows.upperBound * dimension)]
        if !leading.labels.isEmpty {
            for row in rows { leading.labels.withUnsafeBytes(at: row) { batch.labels.append(utf8: $0) } }
        }
        taken = rows.upperBound
        guard rows.count < limit else { return rows.count }
        return try rows.count + source.read(limit - rows.count, into: &batch)
    }
}
