namespace Overnight.Api.Pages.Display;

/// <summary>Codes, such as the reason <c>missing_exchange_rate</c>, in words.</summary>
internal static class CodeWords
{
    /// <summary>One that this build does not know is shown in words as well.</summary>
    public static string Of(string? code) => (code ?? "unknown").Replace('_', ' ');
}
