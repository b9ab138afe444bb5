namespace Overnight.Api.Pages.SignIn;

/// <summary>The sign-in form.</summary>
/// <param name="Return">Where to go on; a path of this site.</param>
/// <param name="Email">What was typed; a password is never sent back.</param>
/// <param name="Error">Why the last try failed; null for the first.</param>
/// <param name="Refusal">Why there is no form; null where there is one.</param>
/// <param name="IsDemo">Whether there are buttons for the demo accounts.</param>
public sealed record SignInViewModel(string Return, string Email, string? Error, string? Refusal, bool IsDemo);
