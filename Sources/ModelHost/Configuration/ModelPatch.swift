package import AnalyticLearning

/// A change of a model's settings; nil leaves a setting as it is.
package struct ModelPatch: Sendable {
    package var ridge: Double?
    package var imbalance: Imbalance?

    package init(ridge: Double? = nil, imbalance: Imbalance? = nil) {
        self.ridge = ridge
        self.imbalance = imbalance
    }
}
