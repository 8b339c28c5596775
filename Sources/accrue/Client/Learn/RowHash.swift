import ClassifierService
import ModelHost
import TensorFormats

/// The hash of all rows from the first one on, independent of batches.
struct RowHash: Sendable, Equatable {
    private(set) var value: UInt64 = 0

    /// Continues after rows that were hashed before.
    init(_ value: UInt64 = 0) { self.value = value }

    /// Adds the rows of a batch.
    ///
    /// - Complexity: linear in the bytes of the rows.
    mutating func add(_ batch: RowBatch, dimension: Int) {
        batch.features.withUnsafeBytes { bytes in
            let size = dimension * MemoryLayout<Double>.size
            for row in 0..<batch.rows {
                value = StableHash.hash(UnsafeRawBufferPointer(rebasing: bytes[(row * size)..<((row + 1) * size)]), seed: value)
                batch.labels.withUnsafeBytes(at: row) { value = StableHash.hash($0, seed: value) }
            }
        }
    }
}
