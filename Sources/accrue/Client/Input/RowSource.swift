import AnalyticLearning
import TensorFormats

/// Rows from a file or a stream, read from front to back in constant memory.
///
/// A source belongs to one thread.
protocol RowSource: AnyObject {
    /// The length of a row.
    var dimension: Int { get }
    /// Whether rows come with labels.
    var hasLabels: Bool { get }
    /// How many rows there are, where that is known before they are read.
    var rowCount: Int? { get }
    /// How much has been read, from 0 to 1, where that is known.
    var fractionRead: Double? { get }
    /// Whether all values are Float32 numbers.
    var isSinglePrecision: Bool { get }

    /// Appends the next rows to a batch.
    ///
    /// - Returns: how many there were, at most `limit`; fewer only at the end.
    /// - Throws: `InputError` that names file, line or row, and column; `Interrupted`. What was read before is in the batch.
    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int

    /// What a user should know of the rows that have been read; told once.
    func takeWarnings() -> [String]

    /// Why rows may have another length than the model takes, to be put behind the message; empty where nothing is known.
    var dimensionHint: String { get }
}

extension RowSource {
    func takeWarnings() -> [String] { [] }
    var dimensionHint: String { "" }
}

/// What every row must hold to, here as in the service.
enum RowLimits {
    /// The longest label in bytes.
    static let labelBytes = Label.maximumBytes
    /// The longest line, or row of a table: a longer one is a mistake, such as a quotation mark without its second, and must not fill
    /// the memory.
    static let lineBytes = 64 << 20
}
