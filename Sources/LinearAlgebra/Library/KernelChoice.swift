/// What to tell OpenBLAS in its environment so that it runs at the speed of the machine.
///
/// Its kernels are chosen by the number of the processor's model as the library is loaded, and a model that is newer than the library gets
/// kernels of long ago: Debian's 0.3.21 (2022) runs SSE3 kernels on an Intel processor of 2023, at a sixth of its speed. And its helper
/// threads look out for more work for a tenth of a second after each factorisation, which takes a core from predictions. Both can be set
/// by environment variables alone, and only before the library is loaded: the program must be started anew with them.
package struct KernelChoice: Equatable {
    /// How wide a processor's vectors are, or those that kernels use.
    package enum Vectors: Int, Comparable {
        case sse, avx, avx2, avx512

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

        /// Those of a processor, from the flags that Linux gives.
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

        /// Those of OpenBLAS's kernels by their name; nil for kernels that are not known here, or are right wherever they were chosen.
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

        /// The kernels to ask for, which every OpenBLAS that has any for these vectors has.
        var core: String? {
            switch self {
            case .sse: nil
            case .avx: "Sandybridge"
            case .avx2: "Haswell"
            case .avx512: "SkylakeX"
            }
        }
    }

    /// What must be in the environment and is not.
    package let variables: [String: String]

    /// - Parameters:
    ///   - core: the kernels that the library has chosen.
    ///   - processor: what the machine can do.
    ///   - isSet: whether a variable is in the environment already, and then it is its user's business.
    package init(core: String?, processor: Vectors, isSet: (String) -> Bool) {
        var variables: [String: String] = [:]
        if !isSet("OPENBLAS_CORETYPE"), let chosen = core.flatMap(Vectors.init(core:)), chosen < processor {
            variables["OPENBLAS_CORETYPE"] = processor.core
        }
        // 2¹⁶ turns of a loop, some hundredths of a millisecond.
        if !isSet("OPENBLAS_THREAD_TIMEOUT") { variables["OPENBLAS_THREAD_TIMEOUT"] = "16" }
        self.variables = variables
    }
}
