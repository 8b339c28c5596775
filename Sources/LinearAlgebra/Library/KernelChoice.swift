/// Environment variables with which OpenBLAS runs at the machine's speed.
///
/// OpenBLAS chooses its kernels by the processor's model number when it is loaded. If the model is newer than the library, it falls back to
/// much older kernels: Debian's 0.3.21 (2022) runs SSE3 kernels on an Intel processor of 2023, at a sixth of its speed. Its helper threads
/// also spin for 0.1 s after each factorisation, which takes a core from predictions. Only environment variables can change both, and only
/// before the library is loaded, so the program must re-execute itself with them.
package struct KernelChoice: Equatable {
    /// Vector width of a processor or of kernels.
    package enum Vectors: Int, Comparable {
        case sse, avx, avx2, avx512

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        /// The width of a processor, from the flags in Linux's cpuinfo.
        package init(flags: some Sequence<Substring>) {
            let flags = Set(flags)
            if flags.isSuperset(of: ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd", "fma"]) {
                self = .avx512
            } else if flags.isSuperset(of: ["avx2", "fma"]) {
                self = .avx2
            } else {
                self = flags.contains("avx") ? .avx : .sse
            }
        }

        /// The width of OpenBLAS's kernels by their name; nil for unknown kernels and for those that are right wherever they were chosen.
        package init?(core: String) {
            switch core.lowercased() {
            case "prescott", "core2", "penryn", "dunnington", "nehalem", "atom", "nano", "katmai", "coppermine", "northwood", "banias",
                "athlon", "opteron", "opteron(sse3)", "opteron_sse3", "barcelona", "bobcat", "unknown":
                self = .sse
            case "sandybridge": self = .avx
            case "haswell": self = .avx2
            default: return nil
            }
        }

        /// Kernels to ask for; every OpenBLAS that has any for this width has these.
        var core: String? {
            switch self {
            case .sse: nil
            case .avx: "Sandybridge"
            case .avx2: "Haswell"
            case .avx512: "SkylakeX"
            }
        }
    }

    /// Variables that the environment needs and lacks.
    package let variables: [String: String]

    /// - Parameters:
    ///   - core: the kernels that the library has chosen.
    ///   - processor: what the machine supports.
    ///   - isSet: whether the environment already has a variable; it is then left to the user.
    package init(core: String?, processor: Vectors, isSet: (String) -> Bool) {
        var variables: [String: String] = [:]
        if !isSet("OPENBLAS_CORETYPE"), let chosen = core.flatMap(Vectors.init(core:)), chosen < processor {
            variables["OPENBLAS_CORETYPE"] = processor.core
        }
        // 2¹⁶ turns of a loop: hundredths of a millisecond.
        if !isSet("OPENBLAS_THREAD_TIMEOUT") { variables["OPENBLAS_THREAD_TIMEOUT"] = "16" }
        self.variables = variables
    }
}
