namespace Overnight.Tests.Explanations;

/// <summary>How much of what can be tried is tried: a sample that takes seconds, or with <c>EXPLANATION_GRID=whole</c> all of it.</summary>
internal static class ExplanationSample
{
    public static readonly bool IsWhole = Environment.GetEnvironmentVariable("EXPLANATION_GRID") == "whole";

    /// <summary><c>PROPERTY_SEED</c>: another number gives other portfolios.</summary>
    public static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PROPERTY_SEED"), out var seed) ? seed : 0;
}
