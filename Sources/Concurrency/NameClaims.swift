/// Exclusive use of names, one owner at a time, in order of their claims.
///
/// A claim is made without waiting, so its maker can hold its own lock meanwhile: claims are then in the order in which their owners were
/// made, whichever thread runs first. Only the claim whose turn has come is notified.
package final class NameClaims: Sendable {
    /// The claims on each name, in order; the first has its turn.
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

    /// Removes a claim; if it was the first, the next one's turn has come.
    ///
    /// - Complexity: linear in the claims on the name.
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

/// A claim on a name, released with the last reference or before.
package final class NameClaim: Sendable {
    /// What the holder of a claim waits for.
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

    /// Whether all earlier claims are released.
    package var isFirst: Bool { turn.isNow }

    /// Calls `body` once, when all earlier claims are released: now, or on the thread that releases the last of them. Call it once.
    package func whenFirst(_ body: @escaping @Sendable () -> Void) { turn.whenNow(body) }

    /// Releases the claim; a second call changes nothing.
    package func release() { claims.remove(turn, from: name) }
}
