import TensorFormats

/// A history: a seed, the kind of server, and its steps, each with its own seed.
struct History: Sendable, CustomStringConvertible {
    /// The server of a history.
    enum Mode: String, Sendable, CaseIterable {
        /// A process, which is killed.
        case process
        /// A service in the tests' process, on a failing disk.
        case faults
    }

    struct Step: Sendable {
        var name: String
        var seed: UInt64
    }

    var seed: UInt64
    var mode: Mode
    var steps: [Step]

    /// Draws a history.
    ///
    /// - Parameters:
    ///   - count: the number of its steps.
    ///   - inProcess: whether it must run in this process.
    init(seed: UInt64, count: Int, inProcess: Bool = false) {
        var generator = SeededGenerator(seed: seed)
        let mode: Mode = Int.random(in: 0..<3, using: &generator) == 0 || inProcess ? .faults : .process
        let choice = HistoryStep.all.filter {
            $0.weight > 0 && !($0.needsFaults && mode != .faults) && !($0.needsProcess && mode != .process)
        }
        var steps = (0..<3).map { _ in Step(name: "create_model", seed: generator.next() >> 40) }
        let total = choice.reduce(0) { $0 + $1.weight }
        while steps.count < count {
            var place = Int.random(in: 0..<total, using: &generator)
            let step = choice.first { step in
                place -= step.weight
                return place < 0
            }
            steps.append(Step(name: step?.name ?? "learn", seed: generator.next() >> 40))
        }
        self.seed = seed
        self.mode = mode
        self.steps = steps
    }

    /// Parses a `description`.
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count >= 2, let seed = UInt64(parts[0]), let mode = Mode(rawValue: String(parts[1])) else { return nil }
        self.seed = seed
        self.mode = mode
        steps = []
        for part in parts.dropFirst(2) {
            let words = part.split(separator: ".")
            guard words.count == 2, let seed = UInt64(words[1], radix: 16) else { return nil }
            steps.append(Step(name: String(words[0]), seed: seed))
        }
    }

    /// The text for `ACCRUE_HISTORY`.
    var description: String {
        (["\(seed)", mode.rawValue] + steps.map { "\($0.name).\(String($0.seed, radix: 16))" }).joined(separator: " ")
    }
}
