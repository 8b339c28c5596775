internal import AnalyticLearning
internal import Foundation
internal import LinearAlgebra
public import Storage

/// The result of auditing one model in a data directory.
///
/// The audit is independent: it adds the logged rows to the checkpoint's sums and solves them by a factorisation, without the recursion
/// that made the stored weights.
public struct ModelAudit: Sendable {
    /// The model's name.
    public var name: String
    /// The version of the newest checkpoint.
    public var checkpointVersion = 0
    /// The version that the logs lead to.
    public var version = 0
    /// The number of rows learned.
    public var rows = 0
    /// The number of rows that are only in the logs.
    public var loggedRows = 0
    /// The number of other changes that are only in the logs: classes renamed or deleted, balance settings.
    public var loggedChanges = 0
    /// The number of classes.
    public var classes = 0
    /// ‖(G+λI)W − Q‖ / ‖Q‖ of the checkpoint and its stored weights.
    public var storedResidual = 0.0
    /// The same for the whole state and the weights that the audit computed.
    public var residual = 0.0
    /// The largest difference between a stored weight and the audit's, divided by the largest weight.
    public var difference = 0.0
    /// An estimate of the condition number of G+λI; infinite if directions had to be left out.
    public var conditionEstimate = 1.0
    /// An incomplete record at the end of the last log, if any; the next start cuts it off.
    public var tornEnd: TornEnd?
    /// Whether that may be an acknowledged record that has changed since.
    public var mayHaveLostRecord: Bool { tornEnd?.mayHaveBeenAcknowledged ?? false }
    /// What is wrong; empty if nothing is.
    public var mismatches: [String] = []

    /// Audits all models of a directory that no server has open. Changes nothing.
    ///
    /// - Parameter isDone: called with each model's audit.
    /// - Throws: `StorageError` if the directory cannot be read or is in use; faults of a model are in its audit.
    public static func run(_ path: String, isDone: (ModelAudit) -> Void) throws(StorageError) {
        let data = try DataDirectory(reading: path)
        for name in try data.modelNames() {
            var audit = ModelAudit(name: name)
            do {
                try audit.run(ModelRecovery(name, data.model(name)))
            } catch {
                audit.mismatches.append("\(error)")
            }
            isDone(audit)
        }
        data.close()
    }

    private mutating func run(_ recovery: ModelRecovery) throws {
        checkpointVersion = recovery.version
        version = recovery.version
        rows = recovery.snapshot.metadata.samples
        classes = recovery.snapshot.labels.count
        _ = try CheckpointFile.table(of: recovery.snapshot, path: recovery.directory.checkpointPath(recovery.version), model: name)
        try recovery.snapshot.withSavedState { state in
            try auditCheckpoint(state)
            try auditLogs(recovery, state)
        }
    }

    private mutating func auditCheckpoint(_ state: SavedState) throws {
        let width = state.configuration.width
        var gram = try NormalEquations(dimension: width, packedLower: state.gram)
        var crossMoment = try Matrix(rows: width, columns: classes)
        crossMoment.setRowMajor(state.crossMoment)
        var weights = try Matrix(rows: width, columns: classes)
        weights.setRowMajor(state.weights)
        var product = try Matrix(rows: width, columns: classes)
        try gram.multiply(weights, into: &product)
        storedResidual = Self.residual(&product, weights, crossMoment, ridge: state.configuration.ridge)
        residual = storedResidual
        let counted = state.counts.reduce(0, +)
        if counted > rows { mismatches.append("class.count adds up to \(counted) rows, but samples is \(rows)") }
        guard classes > 0 else { return }
        let solution = try gram.solve(ridge: state.configuration.ridge, &crossMoment)
        conditionEstimate = solution.conditionEstimate
        // A truncated solution has a residual along the directions it left out, and so does a solution of nearly singular equations; the
        // residual of the stored weights may be as large.
        let own = try Self.residual(of: crossMoment, state)
        if !(storedResidual <= max(Conditioning.largestResidual, 16 * own)) {
            mismatches.append("the stored weights do not solve their equations: residual \(storedResidual)")
        }
        // Left-out directions are undetermined: only the residual can be checked there.
        guard !solution.isTruncated else { return }
        difference = Self.difference(weights, crossMoment)
        // The service tolerates a drift of 10⁻⁸ along a random direction; it may be larger along another.
        let tolerance = max(1e-7, 16 * Double.ulpOfOne * conditionEstimate)
        if !(difference <= tolerance) {
            mismatches.append("the stored weights differ from the solution by \(difference), expected at most \(tolerance)")
        }
    }

    private mutating func auditLogs(_ recovery: ModelRecovery, _ state: SavedState) throws {
        let width = state.configuration.width
        var labels = state.labels
        var sums = try LoggedSums.adding(recovery, to: state, &labels)
        version = sums.version
        tornEnd = sums.tornEnd
        loggedRows = sums.rows
        loggedChanges = sums.changes
        rows += sums.rows
        classes = labels.count
        guard sums.rows > 0 || sums.changes > 0, classes > 0 else { return }
        var gram = try SymmetricPair(dimension: width)
        gram.setGram(sums.gram)
        var weights = try Matrix(rows: width, columns: classes)
        try weights.copy(from: sums.crossMoment)
        let solution = try sums.gram.solve(ridge: state.configuration.ridge, &weights)
        conditionEstimate = solution.conditionEstimate
        var product = try Matrix(rows: width, columns: classes)
        try gram.multiplyGram(weights, into: &product)
        residual = Self.residual(&product, weights, sums.crossMoment, ridge: state.configuration.ridge)
        // Nearly singular equations have no solution with a small residual.
        let isNearlySingular = solution.isTruncated || 16 * Double.ulpOfOne * conditionEstimate > Conditioning.largestResidual
        if !(isNearlySingular || residual <= Conditioning.largestResidual) {
            mismatches.append("with the logged rows and changes the equations cannot be solved: residual \(residual)")
        }
    }

    /// The residual of weights in a saved state's equations.
    private static func residual(of weights: borrowing Matrix, _ state: SavedState) throws -> Double {
        let gram = try NormalEquations(dimension: weights.rows, packedLower: state.gram)
        var crossMoment = try Matrix(rows: weights.rows, columns: weights.columns)
        crossMoment.setRowMajor(state.crossMoment)
        var product = try Matrix(rows: weights.rows, columns: weights.columns)
        try gram.multiply(weights, into: &product)
        return residual(&product, weights, crossMoment, ridge: state.configuration.ridge)
    }

    private static func residual(
        _ product: inout Matrix, _ weights: borrowing Matrix, _ crossMoment: borrowing Matrix, ridge: Double
    ) -> Double {
        product.add(weights, times: ridge)
        product.add(crossMoment, times: -1)
        let norm = crossMoment.frobeniusNorm
        return norm > 0 ? product.frobeniusNorm / norm : product.frobeniusNorm
    }

    private static func difference(_ one: borrowing Matrix, _ other: borrowing Matrix) -> Double {
        var (largest, difference) = (0.0, 0.0)
        one.withElements { a in
            other.withElements { b in
                for index in a.indices {
                    largest = max(largest, abs(b[index]))
                    // A difference from NaN is NaN; `max` must not drop it.
                    let delta = abs(a[index] - b[index])
                    difference = delta <= difference ? difference : delta
                }
            }
        }
        return largest > 0 ? difference / largest : difference
    }
}
