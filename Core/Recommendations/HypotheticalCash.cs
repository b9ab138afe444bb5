namespace Overnight.Core.Recommendations;

/// <summary>
/// Cash that a class has beside its holdings, for questions such as "what if there were 500 more in bonds": it counts in the value of the
/// class and of the portfolio, and is never scored, ranked or bought.
/// </summary>
/// <param name="Class">
/// Index into <see cref="Portfolios.UserPortfolio.Classes"/>, or <see cref="Portfolios.PortfolioHolding.Unclassified"/>.
/// </param>
/// <param name="Amount">
/// In base currency. A negative amount takes value away, at most as much as the class has; more is a
/// <see cref="Portfolios.CalculationException"/> with reason <c>out_of_range</c>.
/// </param>
public readonly record struct HypotheticalCash(int Class, decimal Amount);
