package import AnalyticLearning

/// Rows whose leverage is requested, for the thread that owns R.
package struct LeverageJob: Sendable {
    /// n·d values, row after row.
    let features: [Double]
    let dimension: Int
    let completion: Completion<Leverages>

    package init(features: [Double], dimension: Int, _ completion: Completion<Leverages>) {
        self.features = features
        self.dimension = dimension
        self.completion = completion
    }

    /// The bytes it holds while it waits.
    var bytes: Int { features.count * MemoryLayout<Double>.stride }
}

/// The leverages of rows: how far they lie from everything learned.
package struct Leverages: Sendable {
    /// The weights of the state in which the leverages were measured.
    package let weights: PublishedWeights
    /// One value per row; nil if the model has none.
    package let values: [Double]?
}
