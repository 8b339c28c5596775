extension Request {
    /// The media type that the client prefers (RFC 9110, sections 12.4.2 and 12.5.1). Allocates nothing.
    ///
    /// The type with the highest quality wins; a type's quality is that of the most specific range that matches it. Ties go to the
    /// more specific range, then to the range that comes first in `Accept`, then to the first of `types`.
    ///
    /// - Returns: Its index; nil if the client accepts none. Without a well-formed `Accept` it accepts all.
    public func preferred(among types: [MediaType]) -> Int? {
        var best: (index: Int, preference: Preference)?
        var isSaid = false
        for index in types.indices {
            guard let preference = preference(for: types[index], &isSaid), preference.quality > 0 else { continue }
            if let best, !preference.isHigher(than: best.preference) { continue }
            best = (index, preference)
        }
        return isSaid ? best?.index : types.indices.first
    }

    /// The preference that `Accept` gives a type; nil if no range matches.
    private func preference(for type: MediaType, _ isSaid: inout Bool) -> Preference? {
        var found: Preference?
        var position = 0
        var line = exchange.head.firstField("accept")
        while let field = line {
            var scanner = AcceptScanner(field.value)
            while let range = scanner.next() {
                isSaid = true
                position += 1
                guard let specificity = type.specificity(in: range) else { continue }
                let preference = Preference(quality: range.quality, specificity: specificity, position: position)
                if let found, !preference.isCloser(than: found) { continue }
                found = preference
            }
            line = exchange.head.firstField("accept", from: field.index + 1)
        }
        return found
    }
}

/// How much a client wants a type, and the range that says so.
private struct Preference {
    /// In thousandths.
    let quality: Int
    let specificity: Int
    let position: Int

    /// Whether this range takes precedence over another that matches the same type.
    func isCloser(than other: Preference) -> Bool { (specificity, quality) > (other.specificity, other.quality) }

    /// Whether its type is preferred to another's.
    func isHigher(than other: Preference) -> Bool {
        (quality, specificity, other.position) > (other.quality, other.specificity, position)
    }
}
