/// A symmetric rank update C ← C + α·AAᵀ, to be run on all threads, alone or together with other work.
struct RankUpdate {
    /// Stored triangle of C.
    let uplo: CChar
    /// Order of C.
    let order: Int
    /// A [D×depth], with leading dimension D.
    let a: UnsafePointer<Double>
    let depth: Int
    /// α.
    let factor: Double
    let target: UnsafeMutablePointer<Double>
    /// Leading dimension of C.
    let lead: Int
    /// What C's sums have lost to rounding, if that is kept; see `CompensatedKernel`.
    var rest: UnsafeMutablePointer<Double>?

    private var operations: Double { Double(order) * Double(order) * Double(depth) }

    /// Most shares that an update can be cut into.
    private var parts: Int { rest == nil ? order / 64 : CompensatedKernel.tiles(order: order) }

    func perform() {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        ComputeThreads.concurrently(shares, threads: shares) { perform(share: $0, of: shares) }
    }

    /// Runs this update and another of about its size, which must touch nothing of this one. If the number of threads is even, half of them
    /// run each, and no thread waits between the two.
    func perform(with other: RankUpdate) {
        let threads = ComputeThreads.shares(of: 2 * min(parts, other.parts), operations: operations + other.operations)
        guard threads > 1 else {
            perform()
            return other.perform()
        }
        let shares = threads.isMultiple(of: 2) ? threads / 2 : threads
        ComputeThreads.concurrently(2 * shares, threads: threads) { turn in
            if turn.isMultiple(of: 2) {
                perform(share: turn / 2, of: shares)
            } else {
                other.perform(share: turn / 2, of: shares)
            }
        }
    }

    /// Runs this update and runs a smaller task alongside: one thread runs the task while the others begin the update. With up to two
    /// threads (one if the update is compensated) the task runs first and may use both.
    ///
    /// - Parameter other: must touch nothing that the update does.
    func perform(beside other: () -> Void) {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        // Each piece packs its operands again: with two threads that costs more than waiting for each other at the end of `other`. A
        // compensated update has the same tiles in any case.
        guard shares > (rest == nil ? 2 : 1) else {
            other()
            return perform()
        }
        let pieces = pieces(threads: shares)
        ComputeThreads.concurrently(pieces.count + 1, threads: shares) { turn in
            if turn == 0 { ComputeThreads.alone(other) } else { pieces.perform(turn - 1) }
        }
    }

    /// Whether threads can run this update and two chains of these operations with `perform(beside:and:)` without waiting for the end of a
    /// chain. If there are many threads or the chains are long, cutting the chains gains more.
    func leavesRoom(for first: Double, and second: Double) -> Bool {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        let own = rest == nil ? operations : operations * KernelCosts.compensatedCost
        return shares > 1 && max(first, second) * Double(shares) <= own + first + second
    }

    /// Runs this update and two chains: one thread runs each chain while the others begin the update. Calls inside a chain are not cut for
    /// threads.
    ///
    /// - Parameters:
    ///   - first: must touch nothing that the update or `second` does.
    ///   - second: must touch nothing that the update or `first` does.
    func perform(beside first: () -> Void, and second: () -> Void) {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        guard shares > 1 else {
            first()
            second()
            return perform()
        }
        // With two threads too: the chains' products are too thin to cut.
        let pieces = pieces(threads: shares)
        ComputeThreads.concurrently(pieces.count + 2, threads: shares) { turn in
            switch turn {
            case 0: ComputeThreads.alone(first)
            case 1: ComputeThreads.alone(second)
            default: pieces.perform(turn - 2)
            }
        }
    }

    /// Pieces of this update for running beside other work: single tiles if it runs in tiles anyway.
    private func pieces(threads: Int) -> (count: Int, perform: (Int) -> Void) {
        let (parts, isTiled) = (parts, rest != nil)
        if isTiled { return (parts, { perform(share: $0, of: parts) }) }
        let guided = GuidedPieces(threads: threads, most: parts)
        return (
            guided.count,
            { SymmetricKernel.update(guided[$0], uplo: uplo, order: order, depth: depth, factor, a, target, ldc: lead) }
        )
    }

    private func perform(share: Int, of shares: Int) {
        if let rest {
            CompensatedKernel.update(share: share, of: shares, order: order, depth: depth, factor, a, target, ldc: lead, rest: rest)
        } else {
            let part = Double(share) / Double(shares)..<Double(share + 1) / Double(shares)
            SymmetricKernel.update(part, uplo: uplo, order: order, depth: depth, factor, a, target, ldc: lead)
        }
    }
}
