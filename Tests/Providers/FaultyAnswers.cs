using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Overnight.Tests.Providers;

/// <summary>Providers of today's values that lie or fail in one way.</summary>
internal static class FaultyAnswers
{
    public static DateOnly Today { get; } = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    public static RequestDelegate Stooq(Func<string, int, string> close) =>
        context =>
        {
            var symbols = context.Request.QueryString.Value!.Split("s=")[1].Split('&')[0].Split('+');
            return Behaviour.Answer(
                Answers.Csv,
                Answers.Stooq(Today, symbols.Select((s, i) => (s.ToUpperInvariant(), close(s.Split('.')[0].ToUpperInvariant(), i))))
            )(context);
        };

    /// <param name="body">Makes a body of a lie about each value.</param>
    public static RequestDelegate Faulty(string fault, string type, Func<Func<decimal, string>, string> body)
    {
        var whole = body(v => v.ToString(CultureInfo.InvariantCulture));
        return fault switch
        {
            "500" => Behaviour.Status(500),
            "429" => Behaviour.Status(429, "3600"),
            "slow" => Behaviour.Never,
            "cut" => Behaviour.Cut(type, whole[..(whole.Length / 2)]),
            "html" => Behaviour.Html,
            "html as promised type" => Behaviour.Answer(type, "<html><body>Maintenance</body></html>"),
            "truncated" => Behaviour.Answer(type, whole[..(whole.Length - 15)]),
            "huge" => Behaviour.Endless(type),
            "zero" => Behaviour.Answer(type, body(_ => "0")),
            "negative" => Behaviour.Answer(type, body(v => $"{-v}")),
            "nan" => Behaviour.Answer(type, body(_ => "NaN")),
            "x1000" => Behaviour.Answer(type, body(v => $"{v * 1000}")),
            _ => Behaviour.Answer(type, type == Answers.Csv ? Answers.Stooq(Today, [("DM001.US", "N/D")]) : Answers.Ecb(Today)),
        };
    }
}
