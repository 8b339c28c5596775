public import LinearAlgebra

/// A class that cannot be deleted or renamed; nothing has changed when it is thrown.
public enum ClassError: Error, Equatable, Sendable {
    /// No class has the label.
    case unknown(Label)
    /// Another class has the label already.
    case exists(Label)
    /// There was no memory.
    case solver(LinearAlgebraError)
}

extension Classifier {
    /// Forgets a label: its column of Q and of the weights, its count, moments and sketch go, and the classes behind it move one column to
    /// the left. Its rows stay in G as rows of no class: the weights of the others are those of the joint solution in which these rows have
    /// all-zero targets.
    ///
    /// - Returns: how many rows became rows of no class.
    /// - Throws: `ClassError.unknown`, or `.solver` where the balanced weights cannot be copied without the column.
    /// - Complexity: O((D + d)·C).
    @discardableResult
    public func deleteClass(_ label: Label) throws(ClassError) -> Int {
        guard let column = registry.column(of: label), column < counts.count else { throw .unknown(label) }
        let rest: BalancedWeights?
        do throws(LinearAlgebraError) {
            rest = try balanced?.without(column)
        } catch {
            throw .solver(error)
        }
        let rows = counts[column]
        fadeCalibration(rows: samples - rows, of: samples)
        core.removeClass(column)
        registry.remove(column)
        evaluation.removeClass(column)
        balanced = rest
        beginEpoch(dropping: false)
        return rows
    }

    /// Gives a class another label; its column, counts and evaluation stay with it.
    ///
    /// - Returns: whether it is another label; where it is the same, nothing has changed.
    /// - Throws: `ClassError`; nothing has changed then.
    /// - Complexity: O(1).
    @discardableResult
    public func renameClass(_ label: Label, to new: Label) throws(ClassError) -> Bool {
        guard let column = registry.column(of: label), column < counts.count else { throw .unknown(label) }
        guard label != new else { return false }
        guard registry.column(of: new) == nil else { throw .exists(new) }
        registry.rename(column, to: new)
        // The draws of pseudo-features go by the label.
        beginEpoch(dropping: false)
        return true
    }
}
