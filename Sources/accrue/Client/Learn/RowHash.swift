import ClassifierService
import ModelHost
import TensorFormats

/// The hash of all rows from the first one on, however they were cut into batches.
struct RowHash: Sendable, Equatable {
    private(set) var value: UInt64 = 0

    /// Goes on after rows that were hashed before.
    init(_ value: UInt64 = 0) { self.value = value }

    /// Takes the rows of a batch in.
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
