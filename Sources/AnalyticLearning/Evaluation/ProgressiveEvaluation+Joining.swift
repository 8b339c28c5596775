extension ProgressiveEvaluation {
    /// Counts a class's rows and predictions as another's, as if both had always been one: a row of one that was taken for the other was
    /// right.
    ///
    /// - Complexity: O(window + confusions).
    mutating func joinClass(_ joined: Int, into target: Int) {
        let largest = max(joined, target)
        if largest >= classes.count { classes.append(contentsOf: repeatElement(ClassCounts(), count: largest + 1 - classes.count)) }
        let (from, to) = (Int32(truncatingIfNeeded: joined), Int32(truncatingIfNeeded: target))
        var confusions: [Int32: Int] = [:]
        for (actual, taken) in [(joined, to), (target, from)] {
            for confusion in classes[actual].confusions {
                if confusion.predicted == taken {
                    classes[target].correct += confusion.count
                    correctSamples += confusion.count
                } else {
                    confusions[confusion.predicted, default: 0] += confusion.count
                }
            }
            confusionCount -= classes[actual].confusions.count
            classes[actual].confusions = []
        }
        classes[target].evaluated += classes[joined].evaluated
        classes[target].correct += classes[joined].correct
        classes[target].confusions = confusions.keys.sorted().map { Confusion(predicted: $0, count: confusions[$0] ?? 0) }
        confusionCount += confusions.count
        for actual in classes.indices where actual != joined && actual != target {
            guard let place = classes[actual].confusions.firstIndex(where: { $0.predicted == from }) else { continue }
            var moved = classes[actual].confusions.remove(at: place)
            moved.predicted = to
            if let other = classes[actual].confusions.firstIndex(where: { $0.predicted == to }) {
                classes[actual].confusions[other].count += moved.count
                confusionCount -= 1
            } else {
                let end = classes[actual].confusions.firstIndex { $0.predicted > to } ?? classes[actual].confusions.count
                classes[actual].confusions.insert(moved, at: end)
            }
        }
        for index in window.indices {
            if window[index].actual == from { window[index].actual = to }
            if window[index].predicted == from { window[index].predicted = to }
        }
        // Nothing is left of it but its column.
        removeClass(joined)
    }
}
