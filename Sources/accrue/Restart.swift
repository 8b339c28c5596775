import Glibc
import LinearAlgebra

/// Restarts the program with environment variables that make OpenBLAS faster.
enum Restart {
    /// What the machine can do, as Linux says; `.sse` where it says nothing.
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

    /// Starts the program anew, as the same process with the same arguments, where OpenBLAS would run faster with another environment.
    ///
    /// To be called before anything is opened or started. It returns where there is nothing to gain, and where the program cannot be
    /// started again; a variable that is set, be it to nothing, is left alone.
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
