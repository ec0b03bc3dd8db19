// Package privacy computes what a training round costs a data set's privacy budget, in integers.
//
// The mechanism is the Poisson-subsampled Gaussian: every record takes part in a step with probability
// q, and noise of standard deviation σ times the clipping norm is added to the sum. Two data sets are
// neighbours when one has one record more. A charge is the Rényi differential privacy (RDP) of that
// mechanism at 75 integer orders, after Mironov, Talwar and Zhang, "Rényi differential privacy of the
// sampled Gaussian mechanism", arXiv:1908.10530, section 3.3:
//
//	RDP(a) = log A(a) / (a-1),  A(a) = Σ_k C(a,k) (1-q)^(a-k) q^k exp((k²-k)/(2σ²))
//
// Charges add up. A sum becomes ε at a given δ by Canonne, Kamath and Steinke, "The discrete Gaussian
// for differential privacy", arXiv:2004.00010, proposition 12, minimised over the orders.
//
// Amounts are integers in nano-units, rounded up. Every intermediate operation rounds towards plus
// infinity on math/big numbers, so results are upper bounds and the same on every architecture; there is
// no float64 here. Because log A(a) is never a rational number for 0 < q < 1 (Lindemann and
// Weierstrass), a bound that is tight enough always rounds up to the same integer, whatever its precision.
//
// Parameters are exact decimals and fractions in one canonical text each; a second way to write the same
// value is refused. quorate/privacy is the Python twin, operation by operation.
package privacy
