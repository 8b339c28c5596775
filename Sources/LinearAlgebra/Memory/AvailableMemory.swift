internal import Glibc
internal import Synchronization

/// Memory that the machine, or the process's control group, can still provide.
///
/// The kernel hands out addresses for memory that it does not have, and kills a process that touches them; so large allocations ask first.
public enum AvailableMemory {
    /// Bytes available now without swapping: the kernel's `MemAvailable`, or what is left of a control group's limit if that is less; nil
    /// if the system does not say.
    ///
    /// Memory that this process has mapped for matrices and not yet touched is promised, and is subtracted.
    ///
    /// - Complexity: reads a few small kernel files: tens of microseconds.
    public static var bytes: Int? {
        guard let free = machine() else { return nil }
        return max(0, min(free, controlGroup() ?? .max) - untouched())
    }

    /// Allocations of at least this size are checked, and counted as promised.
    static let checkedSize = 16 << 20

    /// Bytes mapped by checked allocations.
    private static let mapped = Atomic<Int>(0)

    /// Whether an allocation of this size is possible; smaller ones are not checked.
    static func admits(_ count: Int) -> Bool {
        guard count >= checkedSize, let bytes else { return true }
        return count <= bytes
    }

    static func noteMapped(_ count: Int) {
        if count >= checkedSize { mapped.wrappingAdd(count, ordering: .relaxed) }
    }

    static func noteUnmapped(_ count: Int) {
        if count >= checkedSize { mapped.wrappingSubtract(count, ordering: .relaxed) }
    }

    /// At least the part that is mapped and not resident: everything else that the process holds may be counted against it.
    private static func untouched() -> Int {
        // size resident shared …, in pages
        let fields = numbers(in: read("/proc/self/statm"))
        guard fields.count >= 3 else { return 0 }
        return max(0, mapped.load(ordering: .relaxed) - (fields[1] - fields[2]) * Int(sysconf(Int32(_SC_PAGESIZE))))
    }

    private static func machine() -> Int? {
        value(of: "MemAvailable:", in: read("/proc/meminfo")).map { $0 << 10 }
    }

    /// What is left of the tightest limit among the process's control group and its ancestors; nil without a limit.
    private static func controlGroup() -> Int? {
        var least: Int?
        for line in read("/proc/self/cgroup").split(separator: "\n") {
            // hierarchy:controllers:path; version 2 has no controllers
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let files: Files
            if parts[1].isEmpty {
                files = Files(
                    root: "/sys/fs/cgroup", limit: "memory.max", use: "memory.current", cache: ["inactive_file ", "active_file "])
            } else if parts[1].split(separator: ",").contains("memory") {
                files = Files(
                    root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", use: "memory.usage_in_bytes",
                    cache: ["total_inactive_file ", "total_active_file "])
            } else {
                continue
            }
            // Inside a container the path may not exist; the root is then the container's own group.
            var path = String(parts[2])
            while true {
                if let left = files.left(path == "/" ? "" : path) { least = min(least ?? .max, left) }
                guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return least
    }

    /// The files with limit and usage of a version of control groups.
    private struct Files {
        let root: String
        let limit: String
        let use: String
        /// Pages of files, which the kernel can take back.
        let cache: [String]

        func left(_ path: String) -> Int? {
            // "max", or a number near 2⁶³, means no limit.
            guard let limit = AvailableMemory.numbers(in: AvailableMemory.read("\(root)\(path)/\(limit)")).first, limit < 1 << 60,
                let use = AvailableMemory.numbers(in: AvailableMemory.read("\(root)\(path)/\(use)")).first
            else { return nil }
            let statistics = AvailableMemory.read("\(root)\(path)/memory.stat")
            let reclaimable = cache.reduce(0) { $0 + (AvailableMemory.value(of: $1, in: statistics) ?? 0) }
            return max(0, limit - max(0, use - reclaimable))
        }
    }

    // MARK: Kernel files

    /// The number after a key at the beginning of a line.
    static func value(of key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return numbers(in: String(line.dropFirst(key.count))).first
        }
        return nil
    }

    /// The decimal numbers of a text, up to the first word that is not one.
    static func numbers(in text: String) -> [Int] {
        var numbers: [Int] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let number = Int(word) else { break }
            numbers.append(number)
        }
        return numbers
    }

    /// A small kernel file; empty if it cannot be read.
    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let text = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
            while count < buffer.count {
                let received = Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
                if received < 0, errno == EINTR { continue }
                guard received > 0 else { break }
                count += received
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
