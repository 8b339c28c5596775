import AnalyticLearning
import CommandSupport
import Foundation
import TensorFormats

/// Rows from npy, npz and safetensors arrays.
final class ArrayRows: RowSource {
    private let features: ArraySlices
    private let labels: LabelSource?
    private var nextRow = 0

    var dimension: Int { features.layout.shape[1] }
    var rowCount: Int? { features.layout.shape[0] }
    var hasLabels: Bool { labels != nil }
    var isSinglePrecision: Bool { features.layout.scalar.fitsFloat }
    var fractionRead: Double? { rowCount.map { $0 == 0 ? 1 : Double(nextRow) / Double($0) } }

    /// - Parameter labels: one per row, or nil.
    init(features: ArraySlices, labels: LabelSource?) throws {
        guard features.layout.shape.count == 2 else {
            throw InputError("\(features.place) has shape \(features.layout.shape), expected [rows, dimension]")
        }
        guard features.layout.scalar.isNumber else {
            throw InputError("\(features.place) has elements of type \(features.layout.scalar), expected \(ArrayScalar.numbers)")
        }
        self.features = features
        self.labels = labels
        if let count = labels?.count, count != features.layout.shape[0] {
            throw InputError("\(features.place) has \(features.layout.shape[0]) rows, but \(labels!.place) has \(count) labels")
        }
    }

    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int {
        let rows = nextRow..<min(nextRow + limit, features.layout.shape[0])
        guard !rows.isEmpty else {
            try labels?.finish()
            return 0
        }
        let (values, strings) = (batch.features.count, batch.labels.count)
        do {
            try features.withRows(rows) { (view) throws(ArrayError) in
                _ = try view.appendMatrix(
                    columns: dimension, into: &batch.features, maximumRows: rows.count, maximumMagnitude: FeatureLimits.largestMagnitude)
            }
            try labels?.append(rows.count, into: &batch.labels)
        } catch {
            batch.features.removeLast(batch.features.count - values)
            batch.labels.truncate(to: strings)
            throw error
        }
        nextRow = rows.upperBound
        return rows.count
    }
}
