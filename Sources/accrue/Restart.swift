import Glibc
import LinearAlgebra

/// Restarts the program with environment variables that make OpenBLAS faster.
enum Restart {
    /// The machine's vector width according to Linux; `.sse` if unknown.
    private static var processor: KernelChoice.Vectors {
        guard let file = fopen("/proc/cpuinfo", "re") else { return .sse }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let text = line.map({ String(cString: $0) }) {
            if text.hasPrefix("flags") { return KernelChoice.Vectors(flags: text.split(whereSeparator: \.isWhitespace)) }
        }
        return .sse
    }

    /// Re-executes the program, as the same process with the same arguments, if OpenBLAS would be faster with another environment.
    ///
    /// Call it before anything is opened or started. It returns if there is nothing to gain or the program cannot be re-executed. A
    /// variable that is set, even to nothing, is left alone.
    static func ifFaster() {
        let library = BLASLibrary.current
        guard library.provider == .openBLAS else { return }
        let choice = KernelChoice(core: library.core, processor: processor) { getenv($0) != nil }
        guard !choice.variables.isEmpty, let path = realpath("/proc/self/exe", nil) else { return }
        defer { free(path) }
        for (name, value) in choice.variables { setenv(name, value, 1) }
        execv(path, CommandLine.unsafeArgv)
    }
}
