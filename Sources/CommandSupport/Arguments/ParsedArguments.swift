/// The arguments of a command: options by name, and the other words.
package struct ParsedArguments {
    private var values: [String: String] = [:]
    package private(set) var words: [String] = []

    /// Accepts `--name value`, `--name=value` and flags.
    ///
    /// - Throws: `UsageError` for an unknown option, a missing value, or a repeated option.
    package init(_ arguments: [String], options: [Option]) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                words.append(word)
                continue
            }
            if word == "--" {
                words += rest
                break
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.name == parts[0] }) else { throw UsageError("unknown option \(parts[0])") }
            guard values[option.name] == nil else { throw UsageError("\(option.name) is given twice") }
            if option.value == nil {
                guard parts.count == 1 else { throw UsageError("\(option.name) takes no value") }
                values[option.name] = ""
            } else if parts.count == 2 {
                values[option.name] = parts[1]
            } else {
                guard let value = rest.popFirst() else { throw UsageError("\(option.name) needs a value") }
                values[option.name] = value
            }
        }
    }

    /// Whether a flag is given.
    package func has(_ name: String) -> Bool { values[name] != nil }

    /// An option's text.
    package func text(_ name: String) -> String? { values[name] }

    /// An option's integer.
    ///
    /// - Throws: `UsageError` if it is not an integer, or out of range.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw UsageError("\(name) must be an integer from \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return value
    }

    /// An option's integers, separated by commas.
    package func integers(_ name: String, in range: ClosedRange<Int>) throws -> [Int]? {
        try values[name]?.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let value = Int(part), range.contains(value) else {
                throw UsageError("\(name) must be integers from \(range.lowerBound) to \(range.upperBound), not \(part)")
            }
            return value
        }
    }

    /// An option's share.
    package func share(_ name: String) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let value = Double(text), value >= 0, value <= 1 else {
            throw UsageError("\(name) must be a number from 0 to 1, not \(text)")
        }
        return value
    }

    /// An option's number of seconds.
    package func seconds(_ name: String) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let value = Double(text), value > 0, value <= 1e6 else {
            throw UsageError("\(name) must be a number of seconds above 0, not \(text)")
        }
        return value
    }

    /// An option's size in bytes, as 4096, 512K, 64M or 2G.
    package func bytes(_ name: String) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let bytes = ByteCount.parse(text) else { throw UsageError("\(name) must be a size such as 512K, 64M or 2G, not \(text)") }
        return bytes
    }
}
