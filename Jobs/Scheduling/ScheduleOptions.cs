using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Scheduling;

/// <summary>When nights start.</summary>
internal sealed class ScheduleOptions
{
    public const string Section = "Schedule";

    /// <summary>Five-field cron in UTC; the default is an hour or two before New York's open, whatever the season.</summary>
    [Required]
    public string Cron { get; set; } = "30 11 * * 1-5";

    [Required]
    public string Market { get; set; } = "NYSE";

    /// <summary>Whether a host that finds no run at all starts one at once, so that there is something to see.</summary>
    public bool RunAtFirstStart { get; set; } = true;
}

internal sealed class ScheduleOptionsValidator : IValidateOptions<ScheduleOptions>
{
    public ValidateOptionsResult Validate(string? name, ScheduleOptions options)
    {
        try
        {
            CronSchedule.Parse(options.Cron);
            return ValidateOptionsResult.Success;
        }
        catch (FormatException exception)
        {
            return ValidateOptionsResult.Fail($"{ScheduleOptions.Section}:{nameof(options.Cron)}: {exception.Message}");
        }
    }
}
