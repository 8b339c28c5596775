package import AnalyticLearning

/// A change of a model's settings; nil leaves a setting as it is.
package struct ModelPatch: Sendable, Equatable {
    package var ridge: Double?
    package var ridgeChoice: RidgeChoice?
    package var imbalance: Imbalance?
    package var balance: Double?

    package init(
        ridge: Double? = nil, ridgeChoice: RidgeChoice? = nil, imbalance: Imbalance? = nil, balance: Double? = nil
    ) {
        self.ridge = ridge
        self.ridgeChoice = ridgeChoice
        self.imbalance = imbalance
        self.balance = balance
    }

    /// Whether it changes nothing.
    var isEmpty: Bool { self == ModelPatch() }

    /// What of it a configuration does not have yet.
    func differing(from configuration: ModelConfiguration) -> ModelPatch {
        ModelPatch(
            ridge: ridge == configuration.ridge ? nil : ridge,
            ridgeChoice: ridgeChoice == configuration.ridgeChoice ? nil : ridgeChoice,
            imbalance: imbalance == configuration.imbalance ? nil : imbalance,
            balance: balance == configuration.balance ? nil : balance)
    }

    /// Makes the change to a configuration.
    func apply(to configuration: inout ModelConfiguration) {
        if let ridge { configuration.ridge = ridge }
        if let ridgeChoice { configuration.ridgeChoice = ridgeChoice }
        if let imbalance { configuration.imbalance = imbalance }
        if let balance { configuration.balance = balance }
    }
}
