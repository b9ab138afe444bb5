namespace Overnight.Core.Sessions;

/// <summary>The e-mail addresses of the two demo accounts, which exist in Development only.</summary>
internal static class DemoEmails
{
    public const string User = "demo@demo.example",
        Admin = "admin@demo.example";
}
