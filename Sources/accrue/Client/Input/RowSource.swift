import AnalyticLearning
import TensorFormats

/// Rows from a file or a stream, read sequentially in constant memory.
///
/// A source belongs to one thread.
protocol RowSource: AnyObject {
    /// The length of a row.
    var dimension: Int { get }
    /// Whether rows come with labels.
    var hasLabels: Bool { get }
    /// The number of rows, if known in advance.
    var rowCount: Int? { get }
    /// The share read so far, from 0 to 1, if known.
    var fractionRead: Double? { get }
    /// Whether all values are Float32 numbers.
    var isSinglePrecision: Bool { get }

    /// Appends the next rows to a batch.
    ///
    /// - Returns: their number, at most `limit`; less only at the end.
    /// - Throws: `InputError` naming file, line or row, and column; `Interrupted`. Rows read before are in the batch.
    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int

    /// Warnings about the rows read so far; each is returned once.
    func takeWarnings() -> [String]

    /// A hint, to follow the message, why rows may not have the model's length; empty if unknown.
    var dimensionHint: String { get }
}

extension RowSource {
    func takeWarnings() -> [String] { [] }
    var dimensionHint: String { "" }
}

/// Limits for every row, as in the service.
enum RowLimits {
    /// The longest label in bytes.
    static let labelBytes = Label.maximumBytes
    /// The longest line, or row of a table. A longer one is a mistake, such as an unclosed quotation mark, and must not fill the memory.
    static let lineBytes = 64 << 20
}
