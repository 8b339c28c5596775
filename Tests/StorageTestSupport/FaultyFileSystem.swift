internal import Concurrency
internal import Glibc
public import Storage

/// A file system that fails, or blocks its callers, on request.
public final class FaultyFileSystem: FileSystem {
    /// A kind of call.
    public enum Operation: Sendable, CaseIterable {
        case open, close, read, write, size, truncate, synchronizeData, synchronize, rename, remove, make, list, identify
    }

    /// How a call fails.
    public enum Fault: Sendable, Equatable {
        /// The call does nothing and returns this error.
        case error(Int32)
        /// A write accepts half of its bytes; anything else succeeds.
        case short
        /// An open file has no name any more: it has been removed.
        case removed
        /// A write accepts half of its bytes, and then there is no room.
        case shortThenFull
    }

    private struct State {
        var counts: [Operation: Int] = [:]
        var plan: (operation: Operation, index: Int, fault: Fault, isLasting: Bool)?
        /// The only thread whose calls need not wait.
        var exempt: pthread_t?
        /// Calls of a kind that other threads may still make before all their calls wait.
        var left: (operation: Operation, calls: Int)?

        /// Whether a call must wait.
        mutating func isHeld(_ operation: Operation, _ thread: pthread_t) -> Bool {
            guard let exempt, exempt != thread else { return false }
            guard let (kind, calls) = left else { return true }
            guard operation == kind else { return false }
            left = calls > 0 ? (kind, calls - 1) : nil
            return calls == 0
        }
    }

    private let base: any FileSystem
    private let state = Guarded(State())

    /// A file system in front of another.
    public init(_ base: any FileSystem) { self.base = base }

    /// Fails the call of a kind with this number, counted from now on and from 0; if lasting, all later ones too.
    public func fail(_ operation: Operation, _ index: Int, _ fault: Fault, isLasting: Bool = false) {
        state.withLock { $0 = State(plan: (operation, index, fault, isLasting)) }
    }

    /// Blocks all calls until `heal`, except those of this thread.
    public func hold() {
        let thread = pthread_self()
        state.withLock { $0.exempt = thread }
    }

    /// The same from the call of a kind with this number on, counted over all other threads from 0.
    public func hold(from index: Int, of operation: Operation) {
        let thread = pthread_self()
        state.withLock { ($0.exempt, $0.left) = (thread, (operation, index)) }
    }

    /// Whether calls are blocked now, or would be.
    public var isHolding: Bool { state.withLock { $0.exempt != nil && $0.left == nil } }

    /// Lets everything succeed, and blocked calls continue.
    public func heal() {
        state.withLock {
            $0.plan = nil
            $0.exempt = nil
            $0.left = nil
        }
    }

    /// The number of calls of a kind since `fail`.
    public func count(_ operation: Operation) -> Int { state.withLock { $0.counts[operation, default: 0] } }

    private func fault(_ operation: Operation) -> Fault? {
        let thread = pthread_self()
        while state.withLock({ $0.isHeld(operation, thread) }) { usleep(1000) }
        return state.withLock { state in
            let index = state.counts[operation, default: 0]
            state.counts[operation] = index + 1
            guard let plan = state.plan, plan.operation == operation else { return nil }
            if plan.fault == .shortThenFull, index == plan.index + 1 { return .error(ENOSPC) }
            return index == plan.index || plan.isLasting && index > plan.index ? plan.fault : nil
        }
    }

    private func call(_ operation: Operation, _ body: () -> Int) -> Int {
        if case .error(let number) = fault(operation) { return -Int(number) }
        return body()
    }

    /// See `FileSystem`.
    public func open(_ path: String, flags: Int32, permissions: UInt32) -> Int {
        call(.open) { base.open(path, flags: flags, permissions: permissions) }
    }

    /// See `FileSystem`.
    public func close(_ descriptor: Int32) -> Int {
        // As on Linux: the descriptor is gone whatever the result.
        let result = base.close(descriptor)
        return call(.close) { result }
    }

    /// See `FileSystem`.
    public func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        switch fault(.read) {
        case .error(let number): return -Int(number)
        case .none: return base.read(descriptor, into: bytes, at: offset)
        default:
            return base.read(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<((bytes.count + 1) / 2)]), at: offset)
        }
    }

    /// See `FileSystem`.
    public func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        switch fault(.write) {
        case .error(let number): return -Int(number)
        case .none: return base.write(descriptor, bytes, at: offset)
        default: return base.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<((bytes.count + 1) / 2)]), at: offset)
        }
    }

    /// See `FileSystem`.
    public func size(_ descriptor: Int32) -> Int { call(.size) { base.size(descriptor) } }
    /// See `FileSystem`.
    public func identify(_ descriptor: Int32, _ body: (FileIdentity) -> Void) -> Int {
        switch fault(.identify) {
        case .error(let number): return -Int(number)
        case .removed:
            return base.identify(descriptor) { body(FileIdentity(device: $0.device, number: $0.number, links: 0)) }
        default: return base.identify(descriptor, body)
        }
    }
    /// See `FileSystem`.
    public func identify(_ path: String, _ body: (FileIdentity) -> Void) -> Int { call(.identify) { base.identify(path, body) } }
    /// See `FileSystem`.
    public func truncate(_ descriptor: Int32, to size: Int) -> Int { call(.truncate) { base.truncate(descriptor, to: size) } }
    /// See `FileSystem`.
    public func synchronizeData(_ descriptor: Int32) -> Int { call(.synchronizeData) { base.synchronizeData(descriptor) } }
    /// See `FileSystem`.
    public func synchronize(_ descriptor: Int32) -> Int { call(.synchronize) { base.synchronize(descriptor) } }
    /// See `FileSystem`.
    public func lock(_ descriptor: Int32) -> Int { base.lock(descriptor) }
    /// See `FileSystem`.
    public func unlock(_ descriptor: Int32) -> Int { base.unlock(descriptor) }
    /// See `FileSystem`.
    public func rename(_ path: String, to new: String) -> Int { call(.rename) { base.rename(path, to: new) } }
    /// See `FileSystem`.
    public func remove(_ path: String) -> Int { call(.remove) { base.remove(path) } }
    /// See `FileSystem`.
    public func makeDirectory(_ path: String, permissions: UInt32) -> Int {
        call(.make) { base.makeDirectory(path, permissions: permissions) }
    }
    /// See `FileSystem`.
    public func removeDirectory(_ path: String) -> Int { base.removeDirectory(path) }
    /// See `FileSystem`.
    public func list(_ path: String, _ body: (String) -> Void) -> Int { call(.list) { base.list(path, body) } }
}
