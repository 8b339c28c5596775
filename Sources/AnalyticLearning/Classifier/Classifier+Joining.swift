internal import LinearAlgebra

extension Classifier {
    /// Makes two classes one, as if the rows of the first had always had the label of the second: for two labels of the same thing.
    ///
    /// No rows are needed, and it is exact: Q, counts and moments are sums over the rows of a class, G does not depend on labels, and
    /// W = RQ is linear in Q. A sketch becomes that of both classes' rows, one after another, plus the first one's loss. The evaluation
    /// counts a row of one class that was taken for the other as right. Balanced weights are dropped until refreshed.
    ///
    /// - Parameters:
    ///   - label: the class that is dissolved; the classes behind it move one column to the left.
    ///   - target: the class that gets its rows.
    /// - Returns: the number of rows that have another label now.
    /// - Throws: `ClassError.unknown` or `.same`, or `.solver` if memory runs out; nothing has changed then.
    /// - Complexity: O((D + d)·C); with sketches, a rotation of each of their rows.
    @discardableResult
    public func joinClass(_ label: Label, into target: Label) throws(ClassError) -> Int {
        guard let joined = registry.column(of: label), joined < counts.count else { throw .unknown(label) }
        guard let column = registry.column(of: target), column < counts.count else { throw .unknown(target) }
        guard joined != column else { throw .same(label) }
        let rows = counts[joined]
        do throws(LinearAlgebraError) { try core.joinClass(joined, into: column) } catch { throw .solver(error) }
        // Scores of the two have become one: as much of the calibration is theirs as of the rows.
        fadeCalibration(rows: samples - rows, of: samples)
        core.race = nil
        registry.remove(joined)
        evaluation.joinClass(joined, into: column)
        plainTest.curve.joinClass(joined, into: column)
        balancedTest.curve.joinClass(joined, into: column)
        beginEpoch(dropping: true)
        return rows
    }
}
