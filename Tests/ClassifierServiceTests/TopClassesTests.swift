import Testing

@testable import ClassifierService

/// The best classes of a row, against a stable sort of all.
@Suite struct TopClassesTests {
    /// The columns in descending order of score, the earlier of equal ones first.
    private func sorted<Score: Comparable>(_ scores: [Score]) -> [Int] {
        scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    }

    private func expectOrder<Score: Comparable>(_ scores: [Score], _ name: String) {
        let expected = sorted(scores)
        var order = [7, 7, 7]
        for wanted in Set([1, 2, 3, 31, 32, 33, 63, 64, 65, 100, scores.count / 2, scores.count / 2 + 1, scores.count - 1, scores.count])
        where wanted > 0 && wanted <= scores.count {
            let best = TopClasses.select(wanted, of: scores.count, into: &order) { scores[$0] }
            #expect(order == Array(expected.prefix(wanted)), "\(wanted) of \(scores.count), \(name)")
            #expect(best == expected[0])
        }
    }

    /// Orders that make selections and sorts slow or wrong: ties, runs, and teeth.
    @Test(arguments: [1, 2, 3, 10, 63, 64, 65, 129, 1000, 5000]) func selection_isThePrefixOfAStableSort(classes: Int) {
        var generator = SystemRandomNumberGenerator()
        let indices = 0..<classes
        expectOrder([Float](repeating: 0.5, count: classes), "all equal")
        expectOrder(indices.map { Float($0) }, "ascending")
        expectOrder(indices.map { Float(-$0) }, "descending")
        expectOrder(indices.map { Float(min($0, classes - $0)) }, "up and down")
        expectOrder(indices.map { Float($0 % 7) }, "teeth")
        expectOrder(indices.map { $0 % 2 == 0 ? Float(0) : -0.0 }, "both zeros, which are equal")
        expectOrder(indices.map { $0 == classes / 3 ? Float.greatestFiniteMagnitude : -Float.greatestFiniteMagnitude }, "one above all")
        for _ in 0..<4 {
            expectOrder(indices.map { _ in Float.random(in: -1...1, using: &generator) }, "random")
            expectOrder(indices.map { _ in Double.random(in: -1...1, using: &generator) }, "random in Float64")
            expectOrder(indices.map { _ in Float(Int.random(in: 0..<3, using: &generator)) }, "few values")
        }
    }

    /// Scores that are decided only when they are compared, so that pivots are always among the worst (McIlroy, "A Killer Adversary for
    /// Quicksort", 1999): the selection sorts instead.
    @Test func anAdversary_costsNoMoreThanASort() {
        let classes = 20_000
        let undecided = Int.max
        var (values, decided, last, lookups) = ([Int](repeating: undecided, count: classes), 0, 0, 0)
        var order: [Int] = []
        TopClasses.select(classes / 4, of: classes, into: &order) { column in
            lookups += 1
            // Of two undecided columns the second becomes the least of them, which contradicts no earlier answer.
            if column != last, values[column] == undecided, values[last] == undecided {
                values[column] = decided
                decided += 1
            }
            last = column
            return values[column]
        }
        #expect(Set(order).count == classes / 4)
        // Always to take the worst pivot would take 37 million.
        #expect(decided > classes / 4 && lookups < 10_000_000)
    }

    @Test func costs_growWithWhatIsChosen_andNeverOverflow() {
        let all = AnswerCost.best(20_000, of: 20_000)
        #expect(AnswerCost.best(1, of: 20_000) < AnswerCost.best(33, of: 20_000))
        // Choosing a hundred is a pass over the scores; sorting all is ten times that, and writing them more.
        #expect(10 * AnswerCost.best(100, of: 20_000) < all)
        #expect(AnswerCost.best(.max, of: 20_000) == all)
        #expect(AnswerCost.best(.max, of: .max) == .max && AnswerCost.best(1, of: .max) == .max)
    }
}
