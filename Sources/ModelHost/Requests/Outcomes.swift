package import AnalyticLearning

/// What every answer to a change says of the state that it made.
package struct StateSummary: Sendable {
    /// The model's name.
    package let model: String
    package let version: Int
    /// Rows learned and not taken out again.
    package let samples: Int
    /// The number of classes.
    package let classes: Int
}

/// What became of rows that were added by a merge, or taken out by an unlearn.
package struct RowsChanged: Sendable {
    package let state: StateSummary
    /// The rows added or taken out.
    package let rows: Int
    /// Of a merge the classes that are new; of an unlearn those whose sketches still show the rows.
    package let classes: [Label]
}

/// A class has another label.
package struct ClassRenamed: Sendable {
    package let state: StateSummary
    package let label: Label
}

/// A class was deleted.
package struct ClassDeleted: Sendable {
    package let state: StateSummary
    package let label: Label
    /// Its rows, which stay in the Gram matrix as rows of no class.
    package let rows: Int
}

/// Balanced weights were made.
package struct Rebalanced: Sendable {
    /// The model's name.
    package let model: String
    package let version: Int
    /// The version that the weights were made from.
    package let balancedVersion: Int
}
