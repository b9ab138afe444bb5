using System.Globalization;
using Overnight.Core.Sessions;

namespace Overnight.Jobs.Demo;

/// <summary>A user with everything that a run computes from.</summary>
/// <param name="Contribution">In base currency; null when none is planned.</param>
/// <param name="Rules">The criteria, as the JSON array that <c>criteria_versions.rules</c> holds.</param>
internal sealed record DemoUser(
    int Number,
    Guid Id,
    string Email,
    string DisplayName,
    string BaseCurrency,
    decimal? Contribution,
    Guid CriteriaId,
    string Rules,
    int CriteriaCount,
    DemoClass[] Classes,
    DemoHolding[] Holdings
);

/// <summary>A class with its target in percent and its smallest amount in base currency.</summary>
internal readonly record struct DemoClass(Guid Id, string Name, decimal? TargetMin, decimal? TargetMax, decimal? MinAmount);

/// <param name="Class">Index into the user's classes; null when unclassified.</param>
internal readonly record struct DemoHolding(Guid AssetId, int? Class, decimal Quantity, bool Ignored);

/// <summary>The two accounts a person signs in with.</summary>
internal static class DemoAccounts
{
    public const string User = DemoEmails.User,
        Admin = DemoEmails.Admin;

    /// <summary>The number whose user is the demo user.</summary>
    public const int UserNumber = 1;

    /// <summary>The number that the admin's id is made from.</summary>
    public const int AdminNumber = 0;

    public static string EmailOf(int number) => number == UserNumber ? User : $"user{number:D6}@demo.example";

    /// <summary>The inverse of <see cref="EmailOf"/>; false for any other address.</summary>
    public static bool TryNumber(string email, out int number)
    {
        number = UserNumber;
        if (email == User)
            return true;
        const string prefix = "user",
            suffix = "@demo.example";
        return email.StartsWith(prefix, StringComparison.Ordinal)
            && email.EndsWith(suffix, StringComparison.Ordinal)
            && int.TryParse(
                email.AsSpan(prefix.Length, email.Length - prefix.Length - suffix.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out number
            );
    }
}
