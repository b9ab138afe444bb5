namespace Overnight.Core.Doctor;

/// <summary>Something that is stuck or broken.</summary>
/// <param name="What">Names the run, batch, user or session.</param>
/// <param name="Since">UTC; null where that is not known.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record Finding(string What, DateTimeOffset? Since, string Advice);
