public import LinearAlgebra

/// A class that cannot be deleted or renamed; nothing has changed when it is thrown.
public enum ClassError: Error, Equatable, Sendable {
    /// No class has the label.
    case unknown(String)
    /// Another class has the label already.
    case exists(String)
    /// A label that is empty or longer than `ClassRegistry.maximumLabelBytes`.
    case label(String)
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
    public func deleteClass(_ label: String) throws(ClassError) -> Int {
        guard let column = registry.column(of: label), column < truth.counts.count else { throw .unknown(label) }
        let rest: BalancedWeights?
        do throws(LinearAlgebraError) {
            rest = try balanced?.without(column)
        } catch {
            throw .solver(error)
        }
        let rows = truth.counts[column]
        fadeCalibration(rows: truth.samples - rows, of: truth.samples)
        truth.removeClass(column)
        view.removeClass(column)
        registry.remove(column)
        evaluation.removeClass(column)
        balanced = rest
        beginEpoch(dropping: false)
        return rows
    }

    /// Gives a class another label; its column, counts and evaluation stay with it.
    ///
    /// - Throws: `ClassError`.
    /// - Complexity: O(1).
    public func renameClass(_ label: String, to new: String) throws(ClassError) {
        guard let column = registry.column(of: label), column < truth.counts.count else { throw .unknown(label) }
        guard !new.isEmpty, new.utf8.count <= ClassRegistry.maximumLabelBytes else { throw .label(new) }
        guard !label.utf8.elementsEqual(new.utf8) else { return }
        guard registry.column(of: new) == nil else { throw .exists(new) }
        registry.rename(column, to: new)
        // The draws of pseudo-features go by the label.
        beginEpoch(dropping: false)
    }
}
