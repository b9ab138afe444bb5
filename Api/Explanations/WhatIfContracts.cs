using Overnight.Api.Dashboard;

namespace Overnight.Api.Explanations;

// The shapes of question and answer, for the OpenAPI document only: the question is read field by field, and the answer is bytes.

/// <summary>Each field may be left out. Decimals are strings or numbers.</summary>
/// <param name="Contribution">In base currency; null for none.</param>
/// <param name="Targets">Classes that are not named keep their targets.</param>
/// <param name="Criteria">All criteria, in place of the user's.</param>
/// <param name="Shift">Moves the target range of a class by percentage points.</param>
internal sealed record WhatIfDocument(
    string? Contribution = null,
    IReadOnlyList<WhatIfTargetDocument>? Targets = null,
    IReadOnlyList<WhatIfCriterionDocument>? Criteria = null,
    WhatIfFundamentalDocument? Fundamental = null,
    WhatIfShiftDocument? Shift = null,
    WhatIfCashDocument? Cash = null
);

/// <param name="TargetMin">Percent; null for 0.</param>
/// <param name="TargetMax">Percent; null for 100.</param>
/// <param name="MinAmount">The smallest amount worth buying, in base currency; null for 0.</param>
internal sealed record WhatIfTargetDocument(Guid ClassId, string? TargetMin = null, string? TargetMax = null, string? MinAmount = null);

/// <param name="Operator">gt, gte, lt, lte, equals, between or exists.</param>
/// <param name="Value2">The upper bound of between.</param>
/// <param name="Points">-100 to 100.</param>
internal sealed record WhatIfCriterionDocument(
    string Id,
    string Name,
    string Metric,
    string Operator,
    string? Value,
    string? Value2,
    decimal Points,
    IReadOnlyList<string>? RequiredFundamentals
);

internal sealed record WhatIfFundamentalDocument(Guid AssetId, string Metric, string Value);

/// <param name="Points">Percentage points, of either sign; both ends stay within 0 to 100.</param>
internal sealed record WhatIfShiftDocument(Guid ClassId, string Points);

/// <param name="ClassId">Null for the holdings without a class.</param>
/// <param name="Amount">In base currency, of either sign; a class keeps a value of 0 or more.</param>
internal sealed record WhatIfCashDocument(Guid? ClassId, string Amount);

/// <summary>A result as the dashboard has it, without what is added there.</summary>
internal sealed record WhatIfResultDocument(
    Guid UserId,
    DateTimeOffset GeneratedAt,
    IReadOnlyList<RecommendationDocument> Recommendations,
    PortfolioSummaryDocument PortfolioSummary,
    DataFreshnessDocument DataFreshness,
    string TotalInvestable,
    string BaseCurrency,
    string Unallocated,
    IReadOnlyList<LeftOutDocument> LeftOut,
    RunDocument Run,
    int Schema,
    string Checksum,
    IReadOnlyList<ClassShareDocument>? Classes = null
);
