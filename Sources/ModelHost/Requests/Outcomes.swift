package import AnalyticLearning

/// The part of every answer to a change that describes the new state.
package struct StateSummary: Sendable {
    /// The model's name.
    package let model: String
    package let version: Int
    /// Rows learned and not unlearned.
    package let samples: Int
    /// The number of classes.
    package let classes: Int
}

/// The result of a merge or an unlearn.
package struct RowsChanged: Sendable {
    package let state: StateSummary
    /// The number of rows added or removed.
    package let rows: Int
    /// For a merge, the new classes; for an unlearn, the classes whose sketches still contain the rows.
    package let classes: [Label]
}

/// The result of renaming a class.
package struct ClassRenamed: Sendable {
    package let state: StateSummary
    package let label: Label
}

/// The result of deleting a class.
package struct ClassDeleted: Sendable {
    package let state: StateSummary
    package let label: Label
    /// The number of its rows, which stay in the Gram matrix without a class.
    package let rows: Int
}

/// The result of joining two classes.
package struct ClassesJoined: Sendable {
    package let state: StateSummary
    /// The class that has the rows of both.
    package let into: Label
    /// The number of rows that have another label now.
    package let rows: Int
}

/// The curve of ridges, and the state that it is shown for.
package struct RidgeReport: Sendable {
    /// The model's name.
    package let model: String
    package let version: Int
    package let samples: Int
    /// λ in force.
    package let ridge: Double
    /// Of this state or of one before it, see `RidgeCurve.version`.
    package let curve: RidgeCurve
}

/// The result of refreshing balanced weights.
package struct Rebalanced: Sendable {
    /// The model's name.
    package let model: String
    package let version: Int
    /// The version that the weights were computed from.
    package let balancedVersion: Int
}
