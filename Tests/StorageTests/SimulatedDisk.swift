import Concurrency
import Glibc

@testable import Storage

/// A file system in memory that knows what a power cut would leave: what was synchronized, and by chance more.
///
/// Synchronizing a file makes its data durable, synchronizing its directory its name. Stricter than real file systems, which keep a little
/// more.
final class SimulatedDisk: FileSystem {
    /// What a power cut leaves of unsynchronized data.
    enum Remainder {
        case nothing
        case everything
        /// For each directory the old or the new names; for each file the old or the new data, or a prefix of what was added.
        case chance(seed: UInt64)
    }

    private let state: Guarded<State>

    private enum Node {
        case file(FileNode)
        case directory(DirectoryNode)
    }

    // Both are used only with the state locked.
    private final class FileNode: @unchecked Sendable {
        var data: [UInt8]
        var durable: [UInt8]
        var isLocked = false
        /// Bytes dropped by a failed synchronization: the system shows them, and considers them written.
        private var dropped: Set<Int> = []

        init(_ data: [UInt8] = []) { (self.data, durable) = (data, data) }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
            if data.count < offset + bytes.count { data += [UInt8](repeating: 0, count: offset + bytes.count - data.count) }
            data.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
            dropped.subtract(offset..<(offset + bytes.count))
        }

        func truncate(to size: Int) {
            data = Array(data.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - data.count))
            dropped = dropped.filter { $0 < size }
        }

        func synchronize() {
            durable = data.indices.map { dropped.contains($0) ? ($0 < durable.count ? durable[$0] : 0) : data[$0] }
        }

        func failToSynchronize() {
            dropped.formUnion(data.indices.filter { $0 >= durable.count || data[$0] != durable[$0] })
        }
    }

    private final class DirectoryNode: @unchecked Sendable {
        var entries: [String: Node] = [:]
        var durable: [String: Node] = [:]
    }

    private struct State {
        var root = DirectoryNode()
        var open: [Int32: Node] = [:]
        var nextDescriptor: Int32 = 1000
        /// Operations until the power is cut; after that everything fails.
        var left = Int.max
        /// Synchronizations of data until one fails.
        var synchronizationsLeft = Int.max
        var operations = 0
    }

    init() { state = Guarded(State()) }

    private init(root: DirectoryNode) {
        var state = State()
        state.root = root
        self.state = Guarded(state)
    }

    /// Operations so far that changed something or made it durable.
    var operations: Int { state.withLock { $0.operations } }

    /// Cuts the power after `count` more of them.
    func cutPower(after count: Int) { state.withLock { $0.left = count } }

    /// Makes one synchronization of data fail, after `count` more. As on Linux, unwritten data is then forgotten: the next one succeeds,
    /// and has nothing to write.
    func failSynchronization(after count: Int) { state.withLock { $0.synchronizationsLeft = count } }

    /// The disk as the next process finds it.
    func afterPowerCut(_ remainder: Remainder) -> SimulatedDisk {
        state.withLock { state in
            var generator: SplitMix? = if case .chance(let seed) = remainder { SplitMix(state: seed) } else { nil }
            func keepsNew() -> Bool {
                switch remainder {
                case .nothing: false
                case .everything: true
                case .chance: generator!.next() % 2 == 0
                }
            }
            func copy(_ directory: DirectoryNode) -> DirectoryNode {
                let result = DirectoryNode()
                for (name, node) in (keepsNew() ? directory.entries : directory.durable).sorted(by: { $0.key < $1.key }) {
                    switch node {
                    case .directory(let inner): result.entries[name] = .directory(copy(inner))
                    case .file(let file):
                        var data = keepsNew() ? file.data : file.durable
                        // The last write may be there in part.
                        if case .chance = remainder, file.data.count > file.durable.count, file.data.starts(with: file.durable) {
                            let added = UInt64(file.data.count - file.durable.count)
                            data = Array(file.data[..<(file.durable.count + Int(generator!.next() % (added + 1)))])
                        }
                        result.entries[name] = .file(FileNode(data))
                    }
                }
                result.durable = result.entries
                return result
            }
            return SimulatedDisk(root: copy(state.root))
        }
    }

    // MARK: Operations

    func open(_ path: String, flags: Int32, permissions: UInt32) -> Int {
        change(isChange: flags & (O_CREAT | O_TRUNC) != 0) { state in
            if path == "/" {
                state.nextDescriptor += 1
                state.open[state.nextDescriptor] = .directory(state.root)
                return Int(state.nextDescriptor)
            }
            guard let (parent, name) = Self.parent(of: path, in: state.root) else { return -Int(ENOENT) }
            var node = parent.entries[name]
            if node != nil, flags & O_EXCL != 0 { return -Int(EEXIST) }
            if node == nil {
                guard flags & O_CREAT != 0 else { return -Int(ENOENT) }
                node = .file(FileNode())
                parent.entries[name] = node
            }
            if flags & O_TRUNC != 0, case .file(let file) = node { file.data = [] }
            state.nextDescriptor += 1
            state.open[state.nextDescriptor] = node
            return Int(state.nextDescriptor)
        }
    }

    func close(_ descriptor: Int32) -> Int {
        state.withLock { $0.open.removeValue(forKey: descriptor) == nil ? -Int(EBADF) : 0 }
    }

    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        withFile(descriptor, isChange: false) { file in
            let rest = file.data.dropFirst(offset).prefix(bytes.count)
            bytes.copyBytes(from: rest)
            return rest.count
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        withFile(descriptor, isChange: true) { file in
            file.write(bytes, at: offset)
            return bytes.count
        }
    }

    func size(_ descriptor: Int32) -> Int { withFile(descriptor, isChange: false) { $0.data.count } }

    func identify(_ descriptor: Int32, _ body: (FileIdentity) -> Void) -> Int {
        let identity = state.withLock { state in state.open[descriptor].map { Self.identity($0, in: state.root) } }
        guard let identity else { return -Int(EBADF) }
        body(identity)
        return 0
    }

    func identify(_ path: String, _ body: (FileIdentity) -> Void) -> Int {
        let identity = state.withLock { state -> FileIdentity? in
            guard let (parent, name) = Self.parent(of: path, in: state.root) else { return nil }
            return parent.entries[name].map { Self.identity($0, in: state.root) }
        }
        guard let identity else { return -Int(ENOENT) }
        body(identity)
        return 0
    }

    private static func identity(_ node: Node, in root: DirectoryNode) -> FileIdentity {
        func object(_ node: Node) -> ObjectIdentifier {
            switch node {
            case .file(let file): ObjectIdentifier(file)
            case .directory(let directory): ObjectIdentifier(directory)
            }
        }
        func names(_ directory: DirectoryNode) -> Int {
            directory.entries.values.reduce(0) { sum, entry in
                let below = if case .directory(let inner) = entry { names(inner) } else { 0 }
                return sum + below + (object(entry) == object(node) ? 1 : 0)
            }
        }
        return FileIdentity(device: 1, number: UInt64(UInt(bitPattern: object(node))), links: names(root))
    }

    func truncate(_ descriptor: Int32, to size: Int) -> Int {
        withFile(descriptor, isChange: true) { file in
            file.truncate(to: size)
            return 0
        }
    }

    func synchronizeData(_ descriptor: Int32) -> Int {
        let fails = state.withLock { state in
            state.synchronizationsLeft -= 1
            return state.synchronizationsLeft == -1
        }
        return withFile(descriptor, isChange: true) { file in
            if fails { file.failToSynchronize() } else { file.synchronize() }
            return fails ? -Int(EIO) : 0
        }
    }

    func synchronize(_ descriptor: Int32) -> Int {
        change { state in
            switch state.open[descriptor] {
            case .file(let file): file.synchronize()
            case .directory(let directory): directory.durable = directory.entries
            case nil: return -Int(EBADF)
            }
            return 0
        }
    }

    func lock(_ descriptor: Int32) -> Int { 0 }
    func unlock(_ descriptor: Int32) -> Int { 0 }

    func rename(_ path: String, to new: String) -> Int {
        change { state in
            guard let (parent, name) = Self.parent(of: path, in: state.root), let node = parent.entries[name],
                let (newParent, newName) = Self.parent(of: new, in: state.root)
            else { return -Int(ENOENT) }
            parent.entries[name] = nil
            newParent.entries[newName] = node
            return 0
        }
    }

    func remove(_ path: String) -> Int {
        change { state in
            guard let (parent, name) = Self.parent(of: path, in: state.root), parent.entries[name] != nil else { return -Int(ENOENT) }
            parent.entries[name] = nil
            return 0
        }
    }

    func makeDirectory(_ path: String, permissions: UInt32) -> Int {
        change { state in
            guard let (parent, name) = Self.parent(of: path, in: state.root) else { return -Int(ENOENT) }
            guard parent.entries[name] == nil else { return -Int(EEXIST) }
            parent.entries[name] = .directory(DirectoryNode())
            return 0
        }
    }

    func removeDirectory(_ path: String) -> Int {
        change { state in
            guard let (parent, name) = Self.parent(of: path, in: state.root), case .directory(let directory) = parent.entries[name]
            else { return -Int(ENOENT) }
            guard directory.entries.isEmpty else { return -Int(ENOTEMPTY) }
            parent.entries[name] = nil
            return 0
        }
    }

    func list(_ path: String, _ body: (String) -> Void) -> Int {
        let names = state.withLock { state -> [String]? in
            guard let (parent, name) = Self.parent(of: path, in: state.root), case .directory(let directory) = parent.entries[name]
            else { return nil }
            return Array(directory.entries.keys)
        }
        guard let names else { return -Int(ENOENT) }
        names.forEach(body)
        return 0
    }

    private func change(isChange: Bool = true, _ body: (inout State) -> Int) -> Int {
        state.withLock { state in
            if isChange {
                guard state.left > 0 else { return -Int(EIO) }
                state.left -= 1
                state.operations += 1
            }
            return body(&state)
        }
    }

    private func withFile(_ descriptor: Int32, isChange: Bool, _ body: (FileNode) -> Int) -> Int {
        change(isChange: isChange) { state in
            guard case .file(let file) = state.open[descriptor] else { return -Int(EBADF) }
            return body(file)
        }
    }

    private static func parent(of path: String, in root: DirectoryNode) -> (DirectoryNode, String)? {
        var names = path.split(separator: "/").map(String.init)
        guard let last = names.popLast() else { return nil }
        var directory = root
        for name in names {
            guard case .directory(let next) = directory.entries[name] else { return nil }
            directory = next
        }
        return (directory, last)
    }
}

/// A generator with a reproducible sequence (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
