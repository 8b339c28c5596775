internal import CLAPACK
internal import Glibc
internal import Synchronization

/// Which BLAS the process runs on, and its threads.
///
/// Every provider of Debian's `libblas.so.3` exports the same routines; only some export a way to ask who they are. What is not part
/// of the common ABI is therefore looked up at run time and may be absent.
public struct BLASLibrary: Sendable {
    /// The kinds of provider that behave differently enough for a user to care.
    public enum Provider: String, Sendable {
        /// OpenBLAS: optimised, with threads that can be set at run time.
        case openBLAS = "OpenBLAS"
        /// BLIS: optimised.
        case blis = "BLIS"
        /// Intel's oneMKL: optimised.
        case mkl = "MKL"
        /// ATLAS: optimised when it was built on this machine.
        case atlas = "ATLAS"
        /// Netlib's reference BLAS: correct, one thread, and slower by one to two orders of magnitude.
        case reference = "reference BLAS"
        /// A library that does not say what it is.
        case unknown = "unknown BLAS"
    }

    /// Who provides the routines.
    public let provider: Provider
    /// The provider with its version, or with the name of its file.
    public let name: String
    /// The processor that the kernels are made for, where the provider says so.
    public let core: String?
    private let hasOwnThreads: Bool
    /// The threads that the library had when it was first asked, before anything was set.
    let loadedThreads: Int
    /// What the provider says of itself: name and kernels.
    public var description: String { core.map { "\(name), \($0) kernels" } ?? name }

    /// The library this process is linked with.
    public static let current = BLASLibrary()

    private init() {
        if let config = Self.text("openblas_get_config") {
            provider = .openBLAS
            name = config.split(separator: " ").prefix(2).joined(separator: " ")
            core = Self.text("openblas_get_corename")
        } else if let version = Self.text("bli_info_get_version_str") {
            provider = .blis
            name = "BLIS \(version)"
            core = nil
        } else if Self.symbol("mkl_get_version_string") != nil || Self.symbol("MKL_Get_Version") != nil {
            provider = .mkl
            name = "MKL"
            core = nil
        } else {
            let file = Self.fileOfRoutine() ?? "an unnamed library"
            if Self.symbol("ATL_dgemm") != nil || file.contains("atlas") {
                provider = .atlas
            } else if file.contains("/blas/") || file.contains("libblas.so") {
                provider = .reference
            } else {
                provider = .unknown
            }
            name = "\(provider.rawValue) (\(file.split(separator: "/").last.map(String.init) ?? file))"
            core = nil
        }
        hasOwnThreads = Self.hasOwnThreads(provider)
        loadedThreads = Self.libraryThreads
    }

    /// The numbers of the provider's version; nil where its name has none.
    var version: [Int]? {
        guard let text = name.split(separator: " ").last else { return nil }
        let numbers = text.split(separator: ".").map { Int($0.prefix { $0.isNumber }) }
        return numbers.allSatisfy { $0 != nil } && numbers.count > 1 ? numbers.compactMap(\.self) : nil
    }

    /// Whether the library is the slow reference implementation.
    public var isReference: Bool { provider == .reference }

    /// The number of threads that a large operation uses; 1 where the library has none or cannot say.
    public var threadCount: Int {
        let shares = ComputeThreads.count.load(ordering: .relaxed)
        return shares > 1 ? shares : Self.libraryThreads
    }

    /// Sets the number of threads of large operations: products are then shared between threads here, with one thread of the library
    /// in each, and factorisations use the library's own. Until it is called, the library is left as it is.
    ///
    /// - Returns: whether the library lets its threads be set at run time; where not, nothing has changed.
    @discardableResult
    public func setThreadCount(_ count: Int) -> Bool {
        guard count > 0, setLibraryThreads(1) || (isReference && count > 1) else { return false }
        ComputeThreads.count.store(count, ordering: .relaxed)
        ComputeThreads.isLibrarySingle.store(true, ordering: .relaxed)
        return true
    }

    /// Lets the library use all threads by itself while `body` runs: what a program that only calls BLAS gets, as a yardstick.
    public func withLibraryThreads<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        try ComputeThreads.lendToLibrary(order: .max, body)
    }

    /// Whether a factorisation on some thread uses the library's own threads now. A large call of another thread would wait for its end.
    public var isOccupied: Bool { ComputeThreads.areLent }

    /// Calls `body`, which uses the library, unless that could wait for threads: those of a factorisation, or of a library that shares its
    /// calls between threads as it likes.
    ///
    /// - Parameter body: takes some milliseconds at most; a factorisation that begins meanwhile waits for it.
    /// - Returns: whether it was called.
    public func onOneThread(_ body: () -> Void) -> Bool {
        // Before `setThreadCount` nothing has told the library to keep to one.
        guard hasOwnThreads, ComputeThreads.isLibrarySingle.load(ordering: .relaxed) else { return false }
        return ComputeThreads.whileNotLent(body)
    }

    /// Whether the number of threads that is set holds for calls of every thread: an OpenBLAS on OpenMP sets that of the calling one alone.
    private static func hasOwnThreads(_ provider: Provider) -> Bool {
        guard provider == .openBLAS, let address = symbol("openblas_get_parallel") else { return false }
        typealias Function = @convention(c) () -> Int32
        return unsafeBitCast(address, to: Function.self)() < 2
    }

    private static var libraryThreads: Int {
        guard let address = symbol("openblas_get_num_threads") else { return 1 }
        typealias Function = @convention(c) () -> Int32
        return Int(unsafeBitCast(address, to: Function.self)())
    }

    /// Sets the threads that the library itself cuts a call for.
    @discardableResult
    func setLibraryThreads(_ count: Int) -> Bool {
        guard let address = Self.symbol("openblas_set_num_threads") else { return false }
        typealias Function = @convention(c) (Int32) -> Void
        unsafeBitCast(address, to: Function.self)(Int32(clamping: count))
        return true
    }

    private static func symbol(_ name: String) -> UnsafeMutableRawPointer? {
        dlsym(nil, name)
    }

    private static func text(_ function: String) -> String? {
        guard let address = symbol(function) else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(address, to: Function.self)().map { String(cString: $0) }
    }

    /// The file that `dgemm_` was loaded from, found by its address in the process's memory map.
    private static func fileOfRoutine() -> String? {
        guard let address = symbol("dgemm_"), let maps = fopen("/proc/self/maps", "re") else { return nil }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, maps) > 0, let text = line.map({ String(cString: $0) }) {
            // start-end permissions offset device inode path
            let fields = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
            let bounds = (fields.first ?? "").split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard fields.count >= 6, bounds.count == 2 else { continue }
            if UInt(bitPattern: address) >= bounds[0], UInt(bitPattern: address) < bounds[1] { return String(fields[5]) }
        }
        return nil
    }
}
