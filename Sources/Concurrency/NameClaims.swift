/// Who uses what stands under a name: one at a time, first come, first served.
///
/// A place in a name's line is taken without waiting, so that whoever makes owners of names can take it under the same lock: the line then
/// stands in the order in which the owners were made, whatever their threads do first. Nobody hears of it but the one whose turn has come.
package final class NameClaims: Sendable {
    /// The claims on each name in their order; the first has its turn.
    private let lines = Guarded<[String: [NameClaim.Turn]]>([:])

    package init() {}

    /// Takes the next place in a name's line.
    package func claim(_ name: String) -> NameClaim {
        let turn = NameClaim.Turn()
        let isFirst = lines.withLock { lines in
            lines[name, default: []].append(turn)
            return lines[name]?.count == 1
        }
        if isFirst { turn.come() }
        return NameClaim(turn, name, self)
    }

    /// Takes a place out of a line; the next one's turn has come where it was the first.
    ///
    /// - Complexity: linear in the places before and behind it.
    fileprivate func remove(_ turn: NameClaim.Turn, from name: String) {
        let next = lines.withLock { lines -> NameClaim.Turn? in
            guard var line = lines[name], let place = line.firstIndex(where: { $0 === turn }) else { return nil }
            // The dictionary's own reference goes first, so that the line is changed where it lies.
            lines[name] = nil
            line.remove(at: place)
            guard let first = line.first else { return nil }
            lines[name] = line
            return place == 0 ? first : nil
        }
        next?.come()
    }
}

/// A place in the line for a name; given up with the last reference, or before.
package final class NameClaim: Sendable {
    /// What the holder of a place waits for.
    fileprivate final class Turn: Sendable {
        private let state = Guarded((hasCome: false, body: (@Sendable () -> Void)?.none))

        func come() {
            let body = state.withLock { state in
                state.hasCome = true
                defer { state.body = nil }
                return state.body
            }
            body?()
        }

        var isNow: Bool { state.withLock { $0.hasCome } }

        func whenNow(_ body: @escaping @Sendable () -> Void) {
            let isNow = state.withLock { state in
                if !state.hasCome { state.body = body }
                return state.hasCome
            }
            if isNow { body() }
        }
    }

    private let turn: Turn
    private let name: String
    private let claims: NameClaims

    fileprivate init(_ turn: Turn, _ name: String, _ claims: NameClaims) {
        self.turn = turn
        self.name = name
        self.claims = claims
    }

    deinit { release() }

    /// Whether all who came before have gone.
    package var isFirst: Bool { turn.isNow }

    /// Calls `body` once, when all who came before have gone: now, or on the thread of the last of them. For one that waits.
    package func whenFirst(_ body: @escaping @Sendable () -> Void) { turn.whenNow(body) }

    /// Leaves the name to the next; a second time changes nothing.
    package func release() { claims.remove(turn, from: name) }
}
