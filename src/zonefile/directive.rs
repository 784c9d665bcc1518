//! Lines that start with `$`: `$ORIGIN`, `$TTL`, `$INCLUDE` (RFC 1035 §5.1, RFC 2308 §4), and BIND's `$GENERATE`.

use super::context::Context;
use super::lexer::{Token, TokenKind};
use super::parser::Parser;
use super::{name, slips};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, NameRef, unescape};
use crate::source::{FileId, Source, Span};

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// A directive: its name and what carries it out.
struct Directive {
    name: &'static str,
    /// Its arguments, as usage shows them.
    usage: &'static str,
    /// Gets the whole line's tokens.
    run: fn(&mut Parser<'_, '_, '_>, &[Token]) -> Result<()>,
    /// How many arguments it takes at least and at most.
    arguments: (usize, usize),
}

const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "$ORIGIN",
        usage: "$ORIGIN example.org.",
        run: |p, t| p.origin_directive(&t[1..]),
        arguments: (1, 1),
    },
    Directive { name: "$TTL", usage: "$TTL 3600", run: |p, t| p.ttl_directive(&t[1..]), arguments: (1, 1) },
    Directive {
        name: "$INCLUDE",
        usage: "$INCLUDE file [origin]",
        run: |p, t| p.include_directive(&t[1..]),
        arguments: (1, 2),
    },
    Directive {
        name: "$GENERATE",
        usage: "$GENERATE 1-20 host-$ A 192.0.2.$",
        run: |p, t| p.generate_directive(t),
        // What is too much is said with the data's own words.
        arguments: (4, usize::MAX),
    },
];

/// A record knows its file by a number of 24 bits, and the zone's own is one more.
const MOST_INCLUDES: usize = (1 << 24) - 2;

impl Parser<'_, '_, '_> {
    /// Carries out the directive that starts `tokens`.
    pub(super) fn directive(&mut self, tokens: &[Token]) -> Result<()> {
        let word = tokens[0].text(&self.text);
        let known = DIRECTIVES.iter().find(|directive| word.eq_ignore_ascii_case(directive.name.as_bytes()));
        let Some(directive) = known else {
            let (names, span) = (DIRECTIVES.iter().map(|directive| directive.name), self.span(tokens[0]));
            let finding = slips::unknown_directive(word, span, names);
            self.forget_directive(tokens[0]);
            return Err(finding);
        };
        self.context.forget(directive.name);
        let (least, most) = directive.arguments;
        match tokens.len() - 1 {
            given if given < least => Err(self.missing_argument(directive, tokens)),
            given if given > most => Err(self.trailing_argument(directive, tokens[most + 1])),
            _ => (directive.run)(self, tokens),
        }
    }

    /// The directive that a word is or was meant to be, if any; what it would have said is then unknown.
    pub(super) fn forget_directive(&mut self, token: Token) -> Option<&'static str> {
        let word = token.text(&self.text);
        let name = slips::nearest_directive(word, DIRECTIVES.iter().map(|directive| directive.name))?;
        self.context.forget(name);
        Some(name)
    }

    fn origin_directive(&mut self, arguments: &[Token]) -> Result<()> {
        let origin = self.name_argument(arguments[0])?;
        let text = arguments[0].text(&self.text);
        if let Some(finding) = slips::origin_without_dot(text, self.span(arguments[0]), &origin, self.origin()) {
            // What was meant is clear, and going on with it spares the lines below a finding each.
            let meant = Name::absolute(&String::from_utf8_lossy(text));
            self.context.set_origin(meant.unwrap_or(origin));
            return Err(finding);
        }
        self.context.set_origin(origin);
        Ok(())
    }

    fn ttl_directive(&mut self, arguments: &[Token]) -> Result<()> {
        self.context.default_ttl = Some(self.ttl_of(arguments[0])?);
        Ok(())
    }

    fn include_directive(&mut self, arguments: &[Token]) -> Result<()> {
        if self.context.doubt() {
            return Ok(());
        }
        let mut context = self.context.clone();
        if let Some(&origin) = arguments.get(1) {
            let named = self.name_argument(origin)?;
            let text = origin.text(&self.text);
            if let Some(finding) = slips::origin_without_dot(text, self.span(origin), &named, self.origin()) {
                return Err(finding);
            }
            context.set_origin(named);
        }
        let file = self.include(arguments[0])?;
        self.read_include(context, file);
        Ok(())
    }

    fn read_include(&mut self, context: Context, file: FileId) {
        Parser::new(self.zonefile, context, file).run();
    }

    /// The file that an `$INCLUDE` names, if it may be read here.
    fn include(&mut self, token: Token) -> Result<FileId> {
        let span = self.span(token);
        if self.zonefile.open.len() > self.zonefile.limits.include_depth {
            return Err(self.too_deep(span));
        }
        let path = path_of(token, &self.text);
        let from = self.zonefile.sources.get(self.file).name().to_owned();
        let source = (self.zonefile.include)(&from, &path).map_err(|refusal| {
            let code = if refusal.unreadable { &codes::UNREADABLE_FILE } else { &codes::INCLUDE_REFUSED };
            Box::new(Diagnostic::new(code, span, refusal.headline).why(refusal.why).fix(refusal.fix))
        })?;
        let file = self.keep(source);
        self.count(span, file)?;
        if self.zonefile.open.contains(&file) {
            return Err(self.cycle(span, file));
        }
        Ok(file)
    }

    /// Counts an include against the zone's limits: files that include each other many times over grow without end.
    fn count(&mut self, span: Span, file: FileId) -> Result<()> {
        let limits = self.zonefile.limits;
        self.zonefile.includes += 1;
        self.zonefile.octets += self.zonefile.sources.get(file).text().len() as u64;
        let most = limits.includes.min(MOST_INCLUDES);
        if self.zonefile.includes <= most && self.zonefile.octets <= u64::from(limits.file_octets) {
            return Ok(());
        }
        let headline = format!("the zone has more than {most} includes, or {} octets in them", limits.file_octets);
        let finding = Diagnostic::new(&codes::INCLUDE_REFUSED, span, headline)
            .label("nothing is read from here on")
            .why("files that include each other many times over grow without end")
            .fix("include each file once, or raise `includes` and `file_octets` under `[limits]` in the config");
        Err(self.zonefile.give_up(finding))
    }

    /// Keeps a text, if it is not kept already.
    fn keep(&mut self, source: Source) -> FileId {
        if let Some(&known) = self.zonefile.files.get(source.name()) {
            return known;
        }
        let name = source.name().to_owned();
        let file = self.zonefile.sources.add(source);
        self.zonefile.files.insert(name, file);
        file
    }

    fn name_argument(&self, token: Token) -> Result<Name> {
        self.check_unquoted(token)?;
        let mut octets = Vec::new();
        name::push(token.text(&self.text), self.span(token), Some(self.origin()), &mut octets)?;
        Ok(NameRef::trusted(&octets).to_name())
    }

    fn too_deep(&self, span: Span) -> Box<Diagnostic> {
        let depth = self.zonefile.limits.include_depth;
        let headline = format!("files are included more than {depth} deep");
        let finding = Diagnostic::new(&codes::INCLUDE_REFUSED, span, headline)
            .why("a file that includes itself by another way would never end")
            .fix("include the file from the zone's own file");
        Box::new(finding)
    }

    fn cycle(&self, span: Span, file: FileId) -> Box<Diagnostic> {
        let name = self.zonefile.sources.get(file).name();
        let headline = format!("`{name}` includes itself");
        let finding = Diagnostic::new(&codes::INCLUDE_REFUSED, span, headline)
            .label("this file is being read already")
            .why("reading it would never end")
            .fix("delete this line");
        Box::new(finding)
    }

    fn missing_argument(&self, directive: &Directive, tokens: &[Token]) -> Box<Diagnostic> {
        let place = self.span(tokens[tokens.len() - 1]).after();
        let lacks = if directive.arguments.0 > 1 { "lacks some of its arguments" } else { "lacks its argument" };
        let headline = format!("{} {lacks}", directive.name);
        let usage = format!("write `{}`", directive.usage);
        Box::new(Diagnostic::new(&codes::BAD_DIRECTIVE, place, headline).label("expected here").fix(usage))
    }

    fn trailing_argument(&self, directive: &Directive, token: Token) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(token.text(&self.text)).into_owned();
        let headline = format!("{} takes nothing after its last argument, found `{text}`", directive.name);
        let finding = Diagnostic::new(&codes::BAD_DIRECTIVE, self.span(token), headline)
            .label("one too many")
            .fix(format!("write `{}`; a comment starts with `;`", directive.usage));
        Box::new(finding)
    }
}

/// A path as written, quotes off and escapes resolved; a backslash that escapes nothing stays.
pub(super) fn path_of(token: Token, text: &[u8]) -> Vec<u8> {
    let mut rest = token.text(text);
    if token.kind == TokenKind::Quoted {
        rest = &rest[1..rest.len() - 1];
    }
    let mut path = Vec::with_capacity(rest.len());
    while let Some(&octet) = rest.first() {
        let (octet, length) = unescape(rest).unwrap_or((octet, 1));
        path.push(octet);
        rest = &rest[length..];
    }
    path
}
