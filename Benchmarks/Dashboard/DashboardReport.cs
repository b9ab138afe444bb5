using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>What <c>dashboard</c> prints at its end.</summary>
internal static class DashboardReport
{
    /// <param name="sides">The constant, the dashboard, and its rivals.</param>
    /// <param name="bytes">Of an answer.</param>
    public static void Write(DashboardSettings settings, DashboardSide[] sides, int bytes, IReadOnlyList<Threshold> thresholds)
    {
        var (constant, dashboard) = (sides[0], sides[1]);
        var table = Report.Table(
            $"{settings.Users:N0} users, {settings.Connections} connections, 60 % of requests to 1 % of the users, {settings.Topology}",
            ["", .. sides.Select(side => side.Name)]
        );
        Row("requests per second", side => $"{side.PerSecond:N0}");
        Row("of the constant's", side => $"{side.PerSecond / constant.PerSecond:P0}");
        Figures("p50, ms", round => round.Load.P50Ms);
        Figures("p95, ms", round => round.Load.P95Ms);
        Figures("p99, ms", round => round.Load.P99Ms);
        Figures("Api, processor µs per request", round => round.ApiCpu * 1e6 / round.Load.Requests);
        Figures("cache, processor µs per request", round => round.CacheCpu * 1e6 / round.Load.Requests);
        Figures("load generator, processor µs per request", round => round.Load.CpuSeconds * 1e6 / round.Load.Requests);
        Report.Write(table);
        Threshold.Write(thresholds);
        Report.Write(
            new
            {
                Benchmark = "dashboard",
                Ratio = Report.Rounded(dashboard.PerSecond / constant.PerSecond),
                RequestsPerSecond = Report.Rounded(dashboard.PerSecond),
                LimitRequestsPerSecond = Report.Rounded(constant.PerSecond),
                P50Ms = Report.Rounded(dashboard.Median(round => round.Load.P50Ms)),
                P95Ms = Report.Rounded(dashboard.Median(round => round.Load.P95Ms)),
                P99Ms = Report.Rounded(dashboard.Median(round => round.Load.P99Ms)),
                LimitP50Ms = Report.Rounded(constant.Median(round => round.Load.P50Ms)),
                LimitP99Ms = Report.Rounded(constant.Median(round => round.Load.P99Ms)),
                AnswerBytes = bytes,
                settings.Users,
                settings.Connections,
                settings.Seconds,
                Topology = $"{settings.Topology}",
                settings.Rounds,
                Spread = Report.Spread(RatiosTo(constant)),
                Rivals = sides[2..]
                    .Select(rival => new
                    {
                        rival.Name,
                        RequestsPerSecond = Report.Rounded(rival.PerSecond),
                        Ratio = Report.Rounded(dashboard.PerSecond / rival.PerSecond),
                        Spread = Report.Spread(RatiosTo(rival)),
                        P50Ms = Report.Rounded(rival.Median(round => round.Load.P50Ms)),
                        P99Ms = Report.Rounded(rival.Median(round => round.Load.P99Ms)),
                    }),
                Thresholds = thresholds.Select(one => one.ToJson()),
            }
        );

        IEnumerable<double> RatiosTo(DashboardSide other) =>
            dashboard.Rounds.Zip(other.Rounds, (ours, theirs) => ours.Load.PerSecond / theirs.Load.PerSecond);
        void Row(string name, Func<DashboardSide, string> figure) => table.Row([name, .. sides.Select(figure)]);
        void Figures(string name, Func<DashboardRound, double?> figure) => Row(name, side => $"{side.Median(figure):N2}");
    }
}
