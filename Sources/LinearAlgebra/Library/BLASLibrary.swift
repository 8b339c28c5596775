internal import CLAPACK
internal import Glibc
internal import Synchronization

/// The BLAS that the process runs on, and its threads.
///
/// Every provider of Debian's `libblas.so.3` exports the same routines; only some export a way to identify themselves. Anything outside the
/// common ABI is looked up at run time and may be absent.
public struct BLASLibrary: Sendable {
    /// Kinds of provider whose differences matter to a user.
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
        /// A library that does not identify itself.
        case unknown = "unknown BLAS"
    }

    /// Who provides the routines.
    public let provider: Provider
    /// The provider and its version, or its file name.
    public let name: String
    /// The processor that the kernels are made for, if the provider says.
    public let core: String?
    private let hasOwnThreads: Bool
    /// The library's threads when first asked, before anything was set.
    let loadedThreads: Int
    /// The provider's own description: name and kernels.
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

    /// The provider's version numbers; nil if its name has none.
    var version: [Int]? {
        guard let text = name.split(separator: " ").last else { return nil }
        let numbers = text.split(separator: ".").map { Int($0.prefix { $0.isNumber }) }
        return numbers.allSatisfy { $0 != nil } && numbers.count > 1 ? numbers.compactMap(\.self) : nil
    }

    /// Whether the library is the slow reference implementation.
    public var isReference: Bool { provider == .reference }

    /// The number of threads of a large operation; 1 if the library has none or cannot say.
    public var threadCount: Int {
        let shares = ComputeThreads.count.load(ordering: .relaxed)
        return shares > 1 ? shares : Self.libraryThreads
    }

    /// Sets the number of threads for large operations. Products are then shared among our own threads, each calling the library with one
    /// thread, and factorisations use the library's threads. Until the first call the library is left as it is.
    ///
    /// - Returns: whether the library's threads can be set at run time; if not, nothing has changed.
    @discardableResult
    public func setThreadCount(_ count: Int) -> Bool {
        guard count > 0, setLibraryThreads(1) || (isReference && count > 1) else { return false }
        ComputeThreads.count.store(count, ordering: .relaxed)
        ComputeThreads.isLibrarySingle.store(true, ordering: .relaxed)
        return true
    }

    /// Lets the library use all threads by itself while `body` runs, as in a program that only calls BLAS: a yardstick.
    public func withLibraryThreads<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        try ComputeThreads.lendToLibrary(order: .max, body)
    }

    /// Whether a factorisation on some thread uses the library's own threads now. A large call from another thread would wait for it to
    /// end.
    public var isOccupied: Bool { ComputeThreads.areLent }

    /// Calls `body`, which uses the library, unless that could wait for threads: those of a factorisation, or of a library that shares its
    /// calls among threads as it likes.
    ///
    /// - Parameter body: takes a few milliseconds at most; a factorisation that begins meanwhile waits for it.
    /// - Returns: whether `body` was called.
    public func onOneThread(_ body: () -> Void) -> Bool {
        // Before `setThreadCount` the library is not limited to one thread.
        guard hasOwnThreads, ComputeThreads.isLibrarySingle.load(ordering: .relaxed) else { return false }
        return ComputeThreads.whileNotLent(body)
    }

    /// Whether the set number of threads applies to calls from every thread: an OpenBLAS on OpenMP sets it for the calling thread only.
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

    /// Sets the number of threads among which the library itself shares a call.
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
