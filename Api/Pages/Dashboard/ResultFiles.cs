using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>A result as a file: as text to read, and as CSV to save.</summary>
internal static class ResultFiles
{
    public static ContentHttpResult Text(ResultDocument result, FreshnessViewModel trust, DisplayFormats formats) =>
        TypedResults.Text(ResultText.Write(result, trust, formats), "text/plain; charset=utf-8", Encoding.UTF8);

    public static FileContentHttpResult Csv(ResultDocument result) =>
        TypedResults.Bytes(
            ResultCsv.Write(result),
            "text/csv; charset=utf-8; header=present",
            $"overnight-{result.BusinessDate ?? "result"}.csv"
        );
}
