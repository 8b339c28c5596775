package import AnalyticLearning

/// A change of a model's settings; nil leaves a setting as it is.
package struct ModelPatch: Sendable {
    package var ridge: Double?
    package var ridgeChoice: RidgeChoice?
    package var imbalance: Imbalance?

    package init(ridge: Double? = nil, ridgeChoice: RidgeChoice? = nil, imbalance: Imbalance? = nil) {
        self.ridge = ridge
        self.ridgeChoice = ridgeChoice
        self.imbalance = imbalance
    }
}
