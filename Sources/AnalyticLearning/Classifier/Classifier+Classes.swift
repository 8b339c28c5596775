public import LinearAlgebra

/// Why a class cannot be deleted, renamed or joined with another; the model is unchanged.
public enum ClassError: Error, Equatable, Sendable {
    /// No class has the label.
    case unknown(Label)
    /// Another class already has the label.
    case exists(Label)
    /// A class cannot be joined with itself.
    case same(Label)
    /// Out of memory.
    case solver(LinearAlgebraError)
}

extension Classifier {
    /// Deletes a label: its column of Q and of the weights, its count, moments and sketch. The classes behind it move one column to
    /// the left. Its rows stay in G as rows of no class: the other weights are those of the joint solution in which these rows have
    /// all-zero targets.
    ///
    /// - Returns: the number of rows that became rows of no class.
    /// - Throws: `ClassError.unknown`, or `.solver` if the balanced weights cannot be copied without the column.
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
        core.race = nil
        registry.remove(column)
        evaluation.removeClass(column)
        plainTest.curve.removeClass(column)
        balancedTest.curve.removeClass(column)
        balanced = rest
        beginEpoch(dropping: false)
        return rows
    }

    /// Renames a class; it keeps its column, counts and evaluation.
    ///
    /// - Returns: false if the label is the same; nothing has changed then.
    /// - Throws: `ClassError`; nothing has changed then.
    /// - Complexity: O(1).
    @discardableResult
    public func renameClass(_ label: Label, to new: Label) throws(ClassError) -> Bool {
        guard let column = registry.column(of: label), column < counts.count else { throw .unknown(label) }
        guard label != new else { return false }
        guard registry.column(of: new) == nil else { throw .exists(new) }
        registry.rename(column, to: new)
        // Pseudo-feature draws depend on the label.
        beginEpoch(dropping: false)
        return true
    }
}
