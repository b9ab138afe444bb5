using Overnight.Tests.Harness;

namespace Overnight.Tests.Portable;

/// <summary>
/// What keeps the portable stack a stand-in: a name, a parameter or a type in a <c>Portable/</c> folder that Aspire does not
/// publish is code that compiles here and nowhere else.
/// </summary>
public sealed class DriftTests
{
    /// <summary>Names a checkout of microsoft/aspire to renew the list from.</summary>
    private const string Source = "OVERNIGHT_ASPIRE_SOURCE";

    /// <summary>From here on the list is kept by hand: names that Aspire takes from OpenTelemetry.</summary>
    private const string ByHand = "# OpenTelemetry";

    private static readonly string List = Path.Combine(Repository.Folder, "Tests", "Portable", "published-names.txt");

    [Fact]
    public void Portable_EveryPublicName_IsOneThatAspirePublishes()
    {
        var published = File.ReadLines(List).Where(line => !line.StartsWith('#')).ToHashSet();

        var unknown = PortableNames.Types().SelectMany(PortableNames.Read).Where(name => !published.Contains(name)).ToList();

        Assert.True(
            unknown.Count == 0,
            $"Aspire has no such name, or not with these parameters:{Environment.NewLine}{string.Join(Environment.NewLine, unknown.Select(name => $"  {name}{Known(name, published)}"))}"
        );
    }

    [Fact]
    public void Portable_HasNames_SoThatTheGuardGuardsSomething()
    {
        var names = PortableNames.Types().SelectMany(PortableNames.Read).ToList();

        Assert.Contains(
            "Aspire.Hosting.PostgresBuilderExtensions.AddDatabase(this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null) -> IResourceBuilder<PostgresDatabaseResource>",
            names
        );
        Assert.True(names.Count > 100, $"{names.Count} names");
    }

    [Fact]
    public void PublishedNames_AreReadFromAListing()
    {
        string[] listing =
        [
            "namespace A.B",
            "{",
            "    [X(\"y\")]",
            "    public static partial class Things",
            "    {",
            "        [AspireExport]",
            "        public static C.IThing<T> Add<T>(this C.IThing<T> thing, string name, int? port = null, D.E? e = null, params string[] args)",
            "            where T : C.IOne, new() { throw null; }",
            "    }",
            "",
            "    public sealed partial class Thing : C.Base, C.IOne",
            "    {",
            "        public Thing(string name, bool secret = false) : base(default!) { }",
            "",
            "        public string? Name { get { throw null; } set { } }",
            "",
            "        public static readonly string Kind;",
            "",
            "        public System.Threading.Tasks.Task RunAsync(System.Threading.CancellationToken ct = default) { throw null; }",
            "    }",
            "",
            "    public enum Size",
            "    {",
            "        Small = 0,",
            "        Large = 1",
            "    }",
            "}",
        ];

        Assert.Equal(
            [
                "static class A.B.Things",
                "A.B.Things.Add<T>(this IThing<T> thing, string name, int? port = null, E? e = null, params string[] args) -> IThing<T> where T : IOne, new()",
                "class A.B.Thing",
                "A.B.Thing.new(string name, bool secret = false)",
                "A.B.Thing.Name.get -> string?",
                "A.B.Thing.Name.set -> string?",
                "A.B.Thing.Kind -> string",
                "A.B.Thing.RunAsync(CancellationToken ct = default) -> Task",
                "enum A.B.Size",
                "A.B.Size.Small",
                "A.B.Size.Large",
            ],
            PublishedNames.Read(listing)
        );
    }

    /// <summary>Not a test: renews the list. It takes every published name that <c>Portable/</c> uses, in all of its forms.</summary>
    [Fact]
    public void List_IsRenewedFromACheckoutWhereOneIsNamed()
    {
        var checkout = Environment.GetEnvironmentVariable(Source) ?? "";
        Assert.SkipWhen(checkout.Length == 0, $"Set {Source} to a checkout of microsoft/aspire at the tag wanted.");

        var used = PortableNames.Types().SelectMany(PortableNames.Read).Select(Plain).ToHashSet();
        var names = Directory
            .EnumerateFiles(Path.Combine(checkout, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "api")
            .SelectMany(file => PublishedNames.Read(File.ReadLines(file)))
            .Where(name => used.Contains(Plain(name)))
            .Distinct()
            .Order(StringComparer.Ordinal);
        File.WriteAllLines(List, Renew(File.ReadAllLines(List), names));
    }

    [Fact]
    public void List_Renewed_KeepsItsHeadAndWhatIsKeptByHand()
    {
        string[] empty = ["# Head", "# of two lines", $"{ByHand} by hand", "# of two lines", "class O"];
        string[] full = ["# Head", "# of two lines", "class A", "class B", $"{ByHand} by hand", "# of two lines", "class O"];

        Assert.Equal(full, Renew(empty, ["class A", "class B"]));
        Assert.Equal(full, Renew(full, ["class A", "class B"]));
        Assert.Equal(full, Renew(Renew(full, []), ["class A", "class B"]));
    }

    private static string[] Renew(string[] list, IEnumerable<string> names)
    {
        var byHand = Array.FindIndex(list, line => line.StartsWith(ByHand, StringComparison.Ordinal));
        return [.. list.Take(byHand).TakeWhile(line => line.StartsWith('#')), .. names, .. list.Skip(byHand)];
    }

    private static string Known(string name, HashSet<string> published) =>
        string.Concat(published.Where(other => Plain(other) == Plain(name)).Select(other => $"{Environment.NewLine}    but: {other}"));

    /// <summary>The name alone, without parameters and types.</summary>
    private static string Plain(string name) => name.Split('(', '<')[0].Split(" -> ")[0];
}
