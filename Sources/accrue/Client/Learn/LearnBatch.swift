import AnalyticLearning
import ModelHost
import TensorFormats

/// How many rows a request has unless `--batch` says it.
///
/// A run that continues under its key must cut the same batches again: they depend only on the model's configuration and on the input.
enum LearnBatch {
    /// Enough rows that each costs little, and few enough that several are not a large body (4 MiB as Float64).
    static func standard(_ dimension: Int) -> Int { max(1, min(rows, (4 << 20) / 8 / max(1, dimension))) }

    /// Rows of a batch that every model learns at little cost for the request.
    private static let rows = 1024
    /// The most bytes of a batch's features.
    private static let bytes = 8 << 20

    /// Enough rows that the model solves once for many of them, if they fit in `bytes`.
    ///
    /// - Parameter configuration: the model's, in the service's form.
    static func rows(_ configuration: JSONValue?, _ source: any RowSource) -> Int {
        let standard = standard(source.dimension)
        guard let configuration, let model = try? ConfigurationJSON.decode(configuration) else { return standard }
        let limit = bytes / (source.isSinglePrecision ? 4 : 8) / max(1, source.dimension)
        // A solution for 4 times as many rows as make it worthwhile adds a quarter to the cost of a row.
        return max(standard, min(limit, 4 * model.bulkRows))
    }
}
