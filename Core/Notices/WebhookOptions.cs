namespace Overnight.Core.Notices;

/// <summary>Where notices are sent.</summary>
public sealed class WebhookOptions : IValidatedOptions
{
    public const string Section = "Webhooks";

    /// <summary>Fewest bytes of a secret; Standard Webhooks asks for 24 to 64.</summary>
    private const int LeastSecret = 24,
        MostSecret = 64;

    private const int MostName = 40;

    /// <summary>Prefix of a secret, before its base64.</summary>
    public const string SecretPrefix = "whsec_";

    /// <summary>Where links in notices begin, such as https://overnight.example; without it they are paths.</summary>
    public string? LinkBase { get; set; }

    /// <summary>How often to look for notices to send.</summary>
    [Between("00:00:00.100", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for a whole request.</summary>
    [Between("00:00:00.100", "00:00:25")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Targets by name.</summary>
    public Dictionary<string, WebhookTarget> Targets { get; set; } = new(StringComparer.Ordinal);

    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        rules.Require(
            nameof(LinkBase),
            LinkBase is null || (Uri.TryCreate(LinkBase, UriKind.Absolute, out var link) && link.Scheme is "http" or "https"),
            "an address with http or https",
            LinkBase
        );
        foreach (var (name, target) in Targets)
            Check(rules, name, target);
    }

    private static void Check(OptionRules rules, string name, WebhookTarget target)
    {
        var key = $"{nameof(Targets)}:{name}";
        rules.Require(
            key,
            name.Length <= MostName && name.All(IsOfName),
            $"named by up to {MostName} lowercase letters, digits and hyphens",
            name
        );
        var isAddress = Uri.TryCreate(target.Url, UriKind.Absolute, out var url);
        // The address may hold a secret in its path or query, so the message leaves it out.
        rules.RequireUntold(
            $"{key}:{nameof(target.Url)}",
            isAddress && url!.UserInfo.Length == 0 && (url.Scheme == "https" || (url.Scheme == "http" && target.AllowPrivateAddresses)),
            $"an address with https and without a user (http only with {nameof(target.AllowPrivateAddresses)})"
        );
        rules.RequireUntold(
            $"{key}:{nameof(target.Secret)}",
            string.IsNullOrEmpty(target.SecretFile) ? IsSecret(target.Secret) : string.IsNullOrEmpty(target.Secret),
            $"{SecretPrefix} and {LeastSecret} to {MostSecret} bytes in base64, or left out with {nameof(target.SecretFile)}"
        );
        rules.Require(
            $"{key}:{nameof(target.SecretFile)}",
            string.IsNullOrEmpty(target.SecretFile) || File.Exists(target.SecretFile),
            "a file that is there",
            target.SecretFile
        );
        for (var i = 0; i < target.Events.Length; i++)
        {
            rules.Require(
                $"{key}:{nameof(target.Events)}:{i}",
                NoticeEvents.All.Contains(target.Events[i]),
                $"one of {string.Join(", ", NoticeEvents.All)}",
                target.Events[i]
            );
        }

        static bool IsOfName(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';
    }

    /// <summary>Whether a text is a secret of Standard Webhooks.</summary>
    public static bool IsSecret(string? text)
    {
        if (text is null || !text.StartsWith(SecretPrefix, StringComparison.Ordinal))
            return false;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[SecretPrefix.Length..], bytes, out var length)
            && length is >= LeastSecret and <= MostSecret;
    }
}

/// <summary>Who is told of events.</summary>
public sealed class WebhookTarget
{
    public string? Url { get; set; }

    /// <summary>What signatures are made with; from the environment or a secret store.</summary>
    public string? Secret { get; set; }

    /// <summary>A file that holds the secret instead.</summary>
    public string? SecretFile { get; set; }

    /// <summary>The events it wants; all when left out but that of seals, which every run has.</summary>
    public string[] Events { get; set; } = [];

    /// <summary>Whether it may be at an address of a private network or of this machine, and be asked by http.</summary>
    public bool AllowPrivateAddresses { get; set; }

    public bool Wants(string name) =>
        name == NoticeEvents.Test || (Events.Length == 0 ? name != NoticeEvents.RunSealed : Events.Contains(name));
}
