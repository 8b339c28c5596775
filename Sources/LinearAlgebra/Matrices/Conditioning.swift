/// From where on digits are lost: the rules that solutions, the health of a model and checks of what is stored have in common.
public enum Conditioning {
    /// Past this condition number a factorisation that ran through did so by luck.
    public static let largestFactored = 1e15

    /// Beyond this condition number fewer than four digits of a solution are certain.
    public static let largestTrusted = 1e12

    /// The relative residual up to which weights solve their equations.
    public static let largestResidual = 1e-6

    /// The ridge from which a matrix of this trace is well conditioned.
    public static func curingRidge(trace: Double) -> Double { trace * 1e-10 }

    /// Eigenvalues up to this are left out of a solution: ε·D·max.
    static func spectralFloor(dimension: Int, largest: Double) -> Double { .ulpOfOne * Double(dimension) * largest }
}
